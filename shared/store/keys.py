"""The names of our keys, in one place; the list with their meaning is in `store`."""

from hashlib import sha256

PREFIX = "llmbench:"
RUNS = PREFIX + "runs"
OPEN = PREFIX + "open"
WORKERS = PREFIX + "workers"
PUSH = PREFIX + "push"
BORN = PREFIX + "born"
RETENTION = PREFIX + "retention"
TURNS = PREFIX + "turns"
REDUCE_TURNS = PREFIX + "reduce_turns"
MEANS = PREFIX + "means"
BARS = PREFIX + "bars"
RECONCILE = PREFIX + "reconcile"
PURGED = PREFIX + "purged"
COUNTS = PREFIX + "counts"
PROBE = PREFIX + "probe"
BASELINES = PREFIX + "baselines"
TOKENS = PREFIX + "tokens"
SIGNING_KEY = PREFIX + "signing_key"

OF_RUN = (
    *("", ":plan", ":events", ":rows", ":answers", ":seen", ":finished", ":reduce"),
    *(":holds", ":held", ":pace", ":paces", ":beside", ":keys", ":dialect", ":down"),
    *(":dialects", ":opinions"),
)
OF_STEP = (":step:", ":taken:", ":back:", ":closed:", ":attempts:")


def run(job_id: str, part: str = "") -> str:
    """A key of a run: the record itself, or `part` such as `:rows`."""
    return f"{PREFIX}run:{job_id}{part}"


def step(job_id: str, number: int) -> tuple[str, str, str, str, str]:
    """The keys of one step, in the order step, taken, back, closed, attempts."""
    a, b, c, d, e = (run(job_id, f"{part}{number}") for part in OF_STEP)
    return a, b, c, d, e


def all_of(job_id: str, steps: int) -> list[str]:
    """Every key that a run of so many steps can have."""
    names = [run(job_id, part) for part in OF_RUN]
    for number in range(steps):
        names += step(job_id, number)
    return names


def idempotency(submitter: str, key: str) -> str:
    """The run that a request with this key has made; expires after a day."""
    return of_digest(sha256(f"{submitter}\0{key}".encode()).hexdigest())


def of_digest(digest: str) -> str:
    """The same by the hash of the key, which is what the run's record has."""
    return f"{PREFIX}key:{digest}"


def spend(account: str) -> str:
    """What an account has spent, by UTC day."""
    return f"{PREFIX}spend:{account}"


def runs_of(owner: str) -> str:
    """The runs of one token, by time of creation."""
    return f"{PREFIX}runs:{owner}"


def wordings(account: str) -> str:
    """How models of the account's upstream want to be asked; expires after a day."""
    return f"{PREFIX}wordings:{account}"


def worker(name: str) -> str:
    """What one worker says of itself; expires with its heartbeat."""
    return f"{PREFIX}worker:{name}"


def measured(upstream: str) -> str:
    """Which shards are measured on an upstream (`lua/_beside.lua`)."""
    return f"{PREFIX}measured:{sha256(upstream.encode()).hexdigest()[:16]}"


def limit(account: str, name: str) -> tuple[str, str, str, str, str]:
    """The keys of a limit of an account, in the order log, days, flight, bar, told."""
    of = f"{PREFIX}limit:{account}:{name}"
    return f"{of}:log", f"{of}:days", f"{of}:flight", f"{of}:bar", f"{of}:told"
