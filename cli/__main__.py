"""`python -m cli`, for where `llmbench` is not on PATH."""

from cli.main import app

app(prog_name="llmbench")
