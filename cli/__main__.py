"""`python -m cli`, for where `llmbench` is not on PATH."""

from cli.main import main

main()
