"""`python -m simulator`: an upstream on a port of this machine.

Prints one line when calls may come: `ready http://127.0.0.1:PORT/api/v1`.
"""

import argparse
from dataclasses import fields, replace

from simulator.config import TYPICAL_WEATHER, Config
from simulator.faults import FAULTS, parse
from simulator.server import build, listen, serve


def arguments() -> argparse.ArgumentParser:
    """The command line; each option of the configuration keeps its name."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="An OpenRouter-like upstream."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="print the address of the plain OpenAI routes, which are always there",
    )
    parser.add_argument("--seed", type=int, help="of every draw")
    parser.add_argument("--ttft-s", type=float, help="of every model")
    parser.add_argument("--gap-s", type=float, help="of every model")
    parser.add_argument("--tokens", type=int, help="of every model's answer")
    parser.add_argument("--spread", type=float, help="log-normal sigma of the times")
    parser.add_argument("--comment-every-s", type=float, help="0 is no comments")
    parser.add_argument("--padding-after-s", type=float)
    parser.add_argument("--padding-every-s", type=float, help="0 is no padding")
    parser.add_argument("--free-per-day", type=int, help="50 or 1000; off unless given")
    parser.add_argument("--free-per-minute", type=int, help="20 unless given")
    parser.add_argument(
        "--pools",
        metavar="MODEL=CALLS,...",
        type=pools,
        help="calls a minute that a model's shared pool takes",
    )
    parser.add_argument("--pool-retry-after", help="what a full pool says")
    parser.add_argument(
        "--router-calls",
        type=float,
        help="calls for which an unpinned model stays with one provider, about",
    )
    parser.add_argument("--generation-after-s", type=float)
    parser.add_argument("--free-generations-never", action="store_true", default=None)
    parser.add_argument(
        "--list-faults",
        action="store_true",
        default=None,
        help="serve with the fault/... models in GET /models, too",
    )
    parser.add_argument(
        "--print-faults", action="store_true", help="say what each fault does, and end"
    )
    parser.add_argument("--ledger-cap", type=int, help="records kept")
    parser.add_argument(
        "--weather",
        metavar="FAULT=SHARE,...",
        type=weather,
        help="faults that strike a share of all calls, or `typical`",
    )
    return parser


def weather(text: str) -> tuple[tuple[str, float], ...]:
    """Faults and their shares, as `--weather` takes them.

    >>> weather("empty=0.01,stall;after=3=0.02")
    (('empty', 0.01), ('stall;after=3', 0.02))
    """
    if text == "typical":
        return TYPICAL_WEATHER
    try:
        return tuple(_strike(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _strike(part: str) -> tuple[str, float]:
    """A fault, and its share of all calls."""
    fault, _, share = part.rpartition("=")
    parse(fault or part)
    try:
        found = float(share if fault else "")
    except ValueError:
        raise ValueError(f"{part!r}: write FAULT=SHARE, such as empty=0.01") from None
    if not 0 <= found <= 1:
        raise ValueError(f"{part!r}: a share is from 0 to 1")
    return fault, found


def pools(text: str) -> tuple[tuple[str, float], ...]:
    """Models and the calls a minute of their pools, as `--pools` takes them.

    >>> pools("acme/swift-8b=60,acme/orca-pro=3000")
    (('acme/swift-8b', 60.0), ('acme/orca-pro', 3000.0))
    """
    pairs = (part.rpartition("=") for part in text.split(","))
    return tuple((model, float(calls)) for model, _, calls in pairs)


def main() -> None:
    """Build, listen, say so, serve."""
    given = arguments().parse_args()
    if given.print_faults:
        for name, fault in FAULTS.items():
            print(f"fault/{name}: {fault.says}")
        return
    names = {field.name for field in fields(Config)}
    told = {
        name: value
        for name, value in vars(given).items()
        if name in names and value is not None
    }
    app = build(replace(Config(), **told))
    sock = listen(given.host, given.port)
    port = sock.getsockname()[1]
    host = f"[{given.host}]" if ":" in given.host else given.host
    base = "/v1" if given.plain else "/api/v1"
    print(f"ready http://{host}:{port}{base}", flush=True)
    serve(app, sock)


if __name__ == "__main__":
    main()
