"""Every quirk and fault of the upstream, by name.

A fault strikes by model (`fault/<name>`, also with `:free`), by request header
(`X-Sim-Fault: <name>`, once for each) or by the server's weather. Arguments follow the
name: `stall;after=3`. `GET /sim/faults` lists them all.

Any fault takes `first=N`: it strikes only the first N calls of each prompt to a model.

To add one, write the function and a line in the table of the same file: what comes
instead of an answer in `refusing`, an error under status 200 in `errors`, an end before
its time in `ends`, other words in `texts`, other counts in `usages`, other bytes in
`shapes` and `framings`. An error that is only a body is a row of `REFUSALS` and needs
no function. A `cut` states the outcome that a client must find; after a `bend` it is
worked out from the answer. What needs a socket of its own (a reset, garbage instead of
HTTP, a chunk cut in two) is not here: raw servers take their bodies from `bodies`.
"""

from simulator.faults.ends import ENDS
from simulator.faults.errors import ERRORS
from simulator.faults.fault import Fault, Params
from simulator.faults.framings import FRAMINGS
from simulator.faults.refusing import REFUSING
from simulator.faults.shapes import SHAPES
from simulator.faults.texts import TEXTS
from simulator.faults.usages import USAGES

FAULTS: dict[str, Fault] = {
    **REFUSING,
    **ERRORS,
    **ENDS,
    **TEXTS,
    **USAGES,
    **SHAPES,
    **FRAMINGS,
}


def parse(text: str) -> tuple[Fault, Params]:
    """The fault that `name;key=value;...` names.

    Raises ValueError with the remedy when there is none of that name.

    >>> parse("stall;after=3")[1]
    {'after': '3'}
    """
    name, *rest = (part.strip() for part in text.split(";"))
    if name not in FAULTS:
        raise ValueError(f"no fault {name!r}: GET /sim/faults lists them")
    pairs = (part.partition("=") for part in rest if part)
    return FAULTS[name], {key.strip(): value.strip() for key, _, value in pairs}
