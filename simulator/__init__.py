"""An OpenRouter-like upstream with known timing, quirks, faults and a ledger.

`python -m simulator` serves it. A request goes `server -> calls -> faults, reply`, and
comes back as a script that `server` plays. It imports none of the other rooms, so that
what it says of a call is a second opinion.
"""
