"""`llmbench show`: one benchmark."""

from cli import show
from cli.terminal import Url, ask


def show_job(job: str, url: Url = None) -> None:
    """One benchmark: its state, and its figures once it has ended.

    Example: llmbench show 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    show.job(ask(url, lambda api: api.job(job)))
