"""Asking and reading: the HTTP API. Knows `shared`, never `worker`."""
