"""Doing: workers claim shards, make the calls, commit the rows, reduce the runs."""
