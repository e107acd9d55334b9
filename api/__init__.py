"""Asking and reading: the HTTP API. Knows `shared`, never `worker`.

    heads, bodies ──> routes ──> submission, live, conversation ──> parts ──> shared

`main` is the application, `deps` what FastAPI hands to endpoints, `schemas` the bodies
of benchmarks, `errors` every error as a problem (RFC 9457).
"""
