"""One thing that was looked at before a process begins to work, as data."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    """The setting, or what else it is called."""
    level: Level
    """`bad`: nothing is begun. `warn`: it works, perhaps not as was meant."""
    sentence: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """`NAME: what is so. What to do about it.`"""
        return f"{self.name}: {self.sentence} {self.remedy}".rstrip()
