"""An OpenRouter-like upstream with known timing, quirks, faults and a ledger."""
