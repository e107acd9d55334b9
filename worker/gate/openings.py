"""What is shut, until when, and who is in line for its opening."""

from collections import Counter

from shared.clock import monotonic_s


class Openings:
    """Names of limits, budgets, targets: those that take no call before a moment."""

    def __init__(self) -> None:
        self._shut: dict[str, tuple[float, int]] = {}
        """Name -> (monotonic second when it opens, slots that wait for that)."""
        self._words: dict[str, str] = {}
        """Name -> what is shut, for people."""
        self.ever_shut = False
        """Whether anything was; an attribute, since each call looks at it."""
        self.waits: Counter[str] = Counter()
        """Why slots were sent back so far, and how often."""

    def shut(self, name: str, until_s: float, words: str = "") -> None:
        """Nothing goes before then (monotonic). words: what that is, for people."""
        self._shut[name] = (until_s, 0)
        self._words[name] = words
        self.ever_shut = True

    def until_s(self, *names: str) -> float:
        """When the last of these opens, monotonic; 0 where none was shut."""
        return max((self._shut.get(name, (0.0, 0))[0] for name in names), default=0.0)

    def words(self, *names: str) -> str:
        """What opens last of these, for people; "" where nobody said, or none is."""
        last = max(names, key=self.until_s, default="")
        return self._words.get(last, "") if self.is_shut(last) else ""

    def is_shut(self, *names: str) -> bool:
        """Whether one of these takes no call now."""
        return self.until_s(*names) > monotonic_s()

    def in_line(self, name: str, at_once: int, apart_s: float) -> float:
        """When the next slot that waits for this may come, monotonic: one after the
        other, so that they do not all come at the opening and most go back again."""
        until_s, waiting = self._shut[name]
        self._shut[name] = (until_s, waiting + 1)
        return until_s + max(0, waiting - at_once) * apart_s
