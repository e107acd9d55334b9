"""A benchmark that has ended, compared with another one by the API."""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.client import Api, Job, Refused
from cli.show import text


@dataclass(frozen=True, slots=True)
class HeldTo:
    """The comparison of a benchmark with another one, or why there is none."""

    name: str
    """The other, as it was said: a baseline, or an id."""
    comparison: Job | None
    """What GET /compare answers; `a` is the benchmark, `b` the other."""
    why: str = ""
    """Why it could not be compared."""

    @property
    def job_id(self) -> str | None:
        """The other's id; None where it is not known."""
        return self.comparison["jobs"][1]["job_id"] if self.comparison else None

    def sentences(self) -> Iterator[str]:
        """What is said of it, whom it is compared with first."""
        if self.comparison is None:
            yield f"Against {text(self.name)}: {text(self.why)}"
            return
        other = "" if self.name == self.job_id else f" ({self.job_id})"
        moment = str(self.comparison["jobs"][1]["created_at"])[:16].replace("T", " ")
        yield f"Against {text(self.name)}{other}, of {moment}:"
        for verdict in self.comparison["verdicts"]:
            yield text(verdict["sentence"])
        for differs in self.comparison["differences"]:
            yield text(
                f"They differ in {differs['what']}: " + " and ".join(differs["values"])
            )
        for why in self.comparison["left_out"]:
            yield text(f"Left out: {why}")


async def held_to(api: Api, job: Job, name: str) -> HeldTo:
    """The comparison of this benchmark with that one. What has no calls is compared
    with nothing, and neither is what the API refuses to compare."""
    if not job["result"]:
        return HeldTo(name, None, "the benchmark has no result")
    try:
        return HeldTo(name, await api.compare([job["job_id"], name]))
    except Refused as error:
        return HeldTo(name, None, str(error))
