"""Which scope each route needs. A route that is not in the table is shut to tokens."""

import logging
from typing import Literal

from fastapi import Request
from starlette.types import Scope as Asked

from api.access.credentials import refusal
from api.errors import Problem
from shared.access import Caller, Scope

log = logging.getLogger("api.access")

CALLER = "llmbench.caller"
"""Where the guard leaves who asks, in the ASGI scope."""

Rule = Literal["public", "anyone"] | Scope
"""`public`: without a token, too. `anyone`: with any token, whatever its scopes."""

_B = "/benchmark/{job_id}"

RULES: dict[str, Rule] = {
    "GET /health": "public",
    "GET /health/ready": "public",
    "GET /sign-in": "public",
    "POST /sign-in": "public",
    "POST /sign-out": "public",
    "GET /shared/{ticket}": "public",
    "GET /static/{version}/{name}": "public",
    "GET /docs/assets/{version}/{name}": "public",
    "GET /openapi.json": "anyone",
    "GET /docs": "anyone",
    "GET /": "anyone",
    "GET /definitions": "anyone",
    "GET /new": Scope.RUN,
    "POST /new/prompts": Scope.RUN,
    "POST /new/shape": Scope.RUN,
    "GET /try": Scope.RUN,
    "GET /workers": Scope.READ,
    "GET /metrics": Scope.METRICS,
    "GET /models": Scope.READ,
    "GET /models/{model_id:path}/providers": Scope.READ,
    "GET /account": Scope.READ,
    "GET /benchmark": Scope.READ,
    f"GET {_B}": Scope.READ,
    f"GET {_B}/events": Scope.READ,
    f"GET {_B}/samples.csv": Scope.READ,
    f"GET {_B}/samples.parquet": Scope.READ,
    f"GET {_B}/summary.json": Scope.READ,
    f"GET {_B}/reconciliation.json": Scope.READ,
    f"GET {_B}/plan.json": Scope.CONTENT,
    f"GET {_B}/responses.jsonl": Scope.CONTENT,
    f"GET {_B}/judged.jsonl": Scope.CONTENT,
    f"GET {_B}/report.html": Scope.READ,
    f"GET {_B}/report.md": Scope.READ,
    "GET /runs/{job_id}": Scope.READ,
    "GET /runs/{job_id}/live": Scope.READ,
    "GET /recipes": Scope.READ,
    "GET /upstreams": Scope.READ,
    "GET /compare": Scope.READ,
    "GET /history": Scope.READ,
    "GET /baselines": Scope.READ,
    "GET /baselines/{name}": Scope.READ,
    "GET /selftest/{test_id}": Scope.READ,
    "POST /benchmark": Scope.RUN,
    "POST /benchmark/file": Scope.RUN,
    "POST /generate": Scope.RUN,
    "POST /selftest": Scope.RUN,
    f"POST {_B}/rerun": Scope.RUN,
    f"POST {_B}/resummarize": Scope.RUN,
    f"POST {_B}/pause": Scope.RUN,
    f"POST {_B}/resume": Scope.RUN,
    f"PATCH {_B}": Scope.RUN,
    "PUT /baselines/{name}": Scope.RUN,
    "DELETE /baselines/{name}": Scope.RUN,
    f"DELETE {_B}": Scope.CANCEL,
    f"POST {_B}/share": Scope.READ,
    "GET /tokens": Scope.ADMIN,
    "POST /tokens": Scope.ADMIN,
    "DELETE /tokens/{token_id}": Scope.ADMIN,
}
"""Method and path -> what it needs. HEAD is as GET."""

_PUBLIC_PATHS = ("/health", "/health/ready", "/sign-in", "/sign-out")
_PUBLIC_FOLDERS = ("/static/", "/docs/assets/", "/shared/")


def is_public(asked: Asked) -> bool:
    """Whether the guard lets it pass without a token; the route is held to the table
    all the same."""
    path: str = asked["path"].removeprefix(asked.get("root_path", ""))
    return path in _PUBLIC_PATHS or path.startswith(_PUBLIC_FOLDERS)


def rule_of(method: str, path: str) -> Rule | None:
    """What a route needs; None: nobody has said it."""
    return RULES.get(f"{'GET' if method == 'HEAD' else method} {path}")


def is_linked(method: str, path: str) -> bool:
    """Whether a shared link opens this route: it reads one benchmark, which the path
    names, so the views hold it to the link's."""
    return method in ("GET", "HEAD") and "{job_id}" in path


def caller_of(request: Request) -> Caller | None:
    """Who asks; None for nobody, at a public route."""
    caller: Caller | None = request.scope.get(CALLER)
    return caller


async def allowed(request: Request) -> None:
    """Dependency of every route: refuses who has not the scope that the table names."""
    path = request.scope["route"].path
    rule, caller = rule_of(request.method, path), caller_of(request)
    if rule == "public":
        return
    if caller is None:
        raise refusal("This server answers nobody without a token.")
    if caller.only is not None and not is_linked(request.method, path):
        raise Problem(
            "forbidden",
            f"A shared link shows one benchmark, and {request.method} {path} is more"
            " than that. Ask with a token of your own.",
        )
    if rule == "anyone" or caller.token is None:
        return
    if rule is None:
        log.error("%s %s has no rule, so no token may ask it", request.method, path)
    if isinstance(rule, Scope) and caller.may(rule):
        return
    needs = f"the scope {rule}" if isinstance(rule, Scope) else "a rule"
    raise Problem(
        "forbidden",
        f"{request.method} {path} needs {needs}, and the token that asks has"
        f" {', '.join(sorted(caller.scopes))}. Ask with another one.",
    )
