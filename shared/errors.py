"""Everything that we raise on purpose, and what each asks of the person who sees it.

    BenchError               one sentence that names the value and the remedy
    ├── BadPlan              the plan cannot be run as written; `field` says where
    │   ├── TooMuch          a size or a product over its cap
    │   └── UnknownPrice     a budget cannot be kept: nobody says what a call costs
    ├── NotAllowed           the token that asks may not do this
    ├── NoSuchRun            the id is well formed and nobody knows it
    │   └── LostRun          ... because the store has lost its data since
    ├── KeyReused            the idempotency key belongs to another request
    ├── WrongState           the run exists, and cannot do that now
    ├── Incomparable         these runs cannot be compared with each other
    ├── NotReady             the outcome that was asked for is not there yet
    ├── StoreDown            the store did not answer, or refused to write
    │   ├── Busy             ... because this process has too much to do itself
    │   └── OutcomeUnknown   ... in the middle of a write: it may be done, or not
    ├── CatalogueDown        the upstream gave no list of models, and there is no older
    ├── Unreadable           a record or a file of ours is there and cannot be read
    ├── Unwritable           a file of ours cannot be written or deleted
    ├── NewerRecord          written by a later version of this program
    └── Misconfigured        a setting is missing or wrong
        ├── InUse            another process holds what we need
        └── MissingKey       the upstream wants a key and there is none

A call that failed upstream is not here: it is a row (`shared.sample.Sample`).
"""


class BenchError(Exception):
    """The root. `str(error)` is a sentence for the user; it never holds a secret."""


class BadPlan(BenchError):
    """The plan cannot be run as written."""

    def __init__(
        self, detail: str, field: str = "", suggestions: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.field = field
        self.suggestions = suggestions


class TooMuch(BadPlan):
    """A size, or a product of sizes, is over its cap."""


class UnknownPrice(BadPlan):
    """A budget cannot be kept, because nobody says what a call costs."""


class NotAllowed(BenchError):
    """The token that asks may not do this."""


class NoSuchRun(BenchError):
    """The id is well formed and nobody knows it."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"There is no benchmark {job_id}. GET /benchmark lists those that exist."
        )


class LostRun(NoSuchRun):
    """The run is older than the store's data: the store was emptied or replaced."""

    def __init__(self, job_id: str, since: str | None) -> None:
        data = "has no data" if since is None else f"has no data from before {since}"
        BenchError.__init__(
            self,
            f"There is no benchmark {job_id}: it is older than the store, which {data}."
            " If it ran here, the store has lost it. Rows that a worker could not"
            " bring any more are in its SPOOL_DIR, under `lost`.",
        )


class KeyReused(BenchError):
    """The idempotency key belongs to another request."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {key} was used for another body. Send a new key with"
            " a new request."
        )


class WrongState(BenchError):
    """The run exists, and cannot do that in the state in which it is."""


class Incomparable(BenchError):
    """These runs cannot be compared with each other; the sentence says why."""


class NotReady(BenchError):
    """The outcome that was asked for is not there yet."""


class StoreDown(BenchError):
    """The store did not answer in time, or refused to write."""


class Busy(StoreDown):
    """This process has more to do than it can; the store answers others."""

    def __init__(self, changed: str) -> None:
        super().__init__(
            "This server has more to do just now than it can, and others are served"
            f" before; {changed}. Try again in some seconds."
        )


class OutcomeUnknown(StoreDown):
    """The store fell silent in the middle of a write; the sentence says how to see
    what became of it, and whether it may be asked for again."""


class CatalogueDown(BenchError):
    """The upstream gave no list of models, and there is no older one to serve."""


class Unreadable(BenchError):
    """A record or a file of ours is there and cannot be read, or is not what we wrote.

    The sentence names it and what was wrong, and nothing of what it holds.
    """

    def __init__(self, what: str, job_id: str, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) else None
        super().__init__(
            f"The {what} of benchmark {job_id} cannot be read"
            f" ({why or type(error).__name__}). Mend its disk or its permissions, or"
            " bring it back from a copy; the others are not touched by it."
        )


class Unwritable(BenchError):
    """A file of ours cannot be written or deleted."""

    def __init__(self, what: str, job_id: str, error: OSError) -> None:
        super().__init__(
            f"The {what} of benchmark {job_id} cannot be changed"
            f" ({error.strerror or type(error).__name__}). Mend its disk or its"
            " permissions, then ask again."
        )


class NewerRecord(BenchError):
    """A stored record has a schema number that this version does not know."""

    def __init__(self, kind: str, found: int, known: int) -> None:
        super().__init__(
            f"This {kind} was written with schema {found}; this version reads up to"
            f" {known}. Upgrade this process, then try again."
        )


class Misconfigured(BenchError):
    """Settings are missing or wrong; the sentence names them, a line for each."""


class InUse(Misconfigured):
    """A port or a folder that another process holds; that may pass by itself."""


class MissingKey(Misconfigured):
    """The upstream wants a key and there is none."""

    def __init__(self, base_url: str, key: str = "OPENROUTER_API_KEY") -> None:
        """key: what it is called where it is set."""
        how = f"Set {key}"
        if key == "OPENROUTER_API_KEY":
            how = "Put OPENROUTER_API_KEY=... into .env (or OPENROUTER_API_KEY_FILE)"
        super().__init__(
            f"{base_url} needs an API key and none is set. {how}, then start again."
        )
