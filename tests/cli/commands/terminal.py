"""Somebody at a terminal beside a real API, worker and store."""

import csv
import time
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app
from tests.api.server import Api


@dataclass(frozen=True)
class Terminal:
    """Somebody at a terminal, and the API that the commands speak to."""

    api: Api

    def ask(self, *args: str) -> Result:
        """A command in this process; what it printed, and its exit code."""
        return CliRunner().invoke(app, [*args, "--url", self.api.url])

    def submit(self, *models: str, runs: int, **more: Any) -> str:
        """A benchmark of one prompt, one call after another; its id."""
        plan = {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": ["Why?"]},
            "runs": runs,
            "load": {"concurrency": 1},
            **more,
        }
        answer = self.api.http.post("/benchmark", json=plan)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.api.http.get(f"/benchmark/{job_id}").json()
        return shown

    def until(self, job_id: str, *statuses: str, closed: int = 0) -> dict[str, Any]:
        """The job, once it is in one of these states with so many closed calls."""
        deadline = time.monotonic() + 60
        while True:
            job = self.job(job_id)
            if job["status"] in statuses and job["progress"]["closed"] >= closed:
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.05)

    def models_asked(self, job_id: str) -> list[str]:
        """The model of each row."""
        text = self.api.http.get(f"/benchmark/{job_id}/samples.csv").text
        rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
        return [row["model"] for row in rows]
