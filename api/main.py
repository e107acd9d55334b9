"""The application: `uvicorn api.main:app`, or `python -m api`."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import Depends, FastAPI

from api import errors
from api.access import Guard, allowed
from api.bodies import BoundedBodies
from api.comparing import again, history
from api.comparing import names as baselines
from api.comparing import route as compare
from api.deps import known_query
from api.grants import links, tokens
from api.openapi import schema_of
from api.pages import PAGES, asks_for_a_page, problem_page
from api.parts import (
    MOST_WATCHERS,
    CountedRequests,
    Parts,
    Store,
    Traffic,
    Views,
    Watchers,
)
from api.recipes import route as recipes
from api.routes import (
    account,
    benchmarks,
    control,
    downloads,
    events,
    generate,
    health,
    home,
    metrics,
    models,
    reruns,
    selftest,
)
from api.tokens import KnownTokens
from shared import tracing
from shared.errors import CatalogueDown
from shared.settings import Settings
from shared.startup import start
from shared.store.client import connect
from shared.upstream import Contact, Contacts

log = logging.getLogger(__name__)

_PROBED = ("/health", "/health/ready", "/metrics")
"""Asked by machines every few seconds: no traces of that."""

_OPEN = "no token was made yet: whoever reaches this server may use it (docs/access.md)"

ABOUT = """\
Which model, from which provider, is how fast, how reliable, at what price, for *your*
prompts? POST a prompt file, follow the benchmark, read numbers that can be defended.

Every error is `application/problem+json` (RFC 9457); its `type` tells kinds apart.
"""


def create_app(settings: Settings) -> FastAPI:
    """The application with these settings; opens nothing before it is served."""

    traffic = Traffic()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _parts(settings, traffic) as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="llmbench",
        summary="Benchmarks of language models behind an API",
        description=ABOUT,
        version=_version(),
        license_info={"name": "MIT", "identifier": "MIT"},
        lifespan=lifespan,
        dependencies=[Depends(allowed)],
        redirect_slashes=False,
        docs_url=None,  # `home` serves them, without a foreign host
        redoc_url=None,
        # One schema of each record: a plan that is shown can be sent again, and what
        # has a default may be missing, as in a result that an earlier build has kept.
        separate_input_output_schemas=False,
        telemetry={
            "auto_configure": False,  # `tracing` does it, as in workers
            "operation_spans": False,
            "exclude": lambda scope: scope["path"] in _PROBED,
        },
    )
    app.add_middleware(BoundedBodies, settings=settings)
    app.add_middleware(
        Guard, settings=settings, asks_for_a_page=asks_for_a_page, shown=problem_page
    )
    app.add_middleware(CountedRequests, traffic=traffic)
    errors.install(app, problem_page)
    for subject in (
        generate,  # first: routes are tried in turn, and this one shall add little
        *PAGES,  # before those with whom they share an address: a browser gets the page
        home,
        health,
        metrics,
        models,
        account,
        benchmarks,
        control,
        reruns,
        events,
        downloads,
        compare,
        baselines,
        again,
        history,
        recipes,
        selftest,
        tokens,
        links,
    ):
        # who asks for these adds what it likes to the URL
        strict = [] if subject in (health, metrics) else [Depends(known_query)]
        app.include_router(subject.router, dependencies=strict)
    app.openapi = lambda: schema_of(app)  # type: ignore[method-assign]
    return app


def collect_seldom() -> None:
    """Run full garbage collections a hundred times less often; young objects are
    collected as before. A full collection holds everything up, for a second where a
    plan has 300,000 turns, and finds no cycles in it.

    For a process that does nothing but serve.
    """
    gc.freeze()
    gc.set_threshold(700, 10, 1000)


@asynccontextmanager
async def _parts(settings: Settings, traffic: Traffic) -> AsyncIterator[Parts]:
    contacts = Contacts(settings)
    # Behind the start: the upstream may be down, or slow.
    loading = asyncio.create_task(_load(contacts.default))
    store = _store(settings)
    known = KnownTokens(store.redis if store else None, settings.results_dir)
    await known.start()
    if known.is_open:
        log.info("%s", _OPEN)
    parts = Parts(contacts, store, traffic, _stopping(), known)
    try:
        yield parts
    finally:
        loading.cancel()
        await known.close()
        for page in parts.pages.values():
            await page.close()
        await contacts.close()
        if store is not None:
            await store.watchers.close()
            await store.watchers.redis.aclose()
            await store.redis.aclose()
        tracing.close()


async def _load(contact: Contact) -> None:
    with suppress(CatalogueDown):  # it has logged that
        await contact.catalogue.load()
    await contact.meet()


def _store(settings: Settings) -> Store | None:
    if settings.redis_url is None:
        return None
    redis = connect(settings.redis_url)
    watchers = Watchers(connect(settings.redis_url, connections=MOST_WATCHERS))
    return Store(redis, Views(redis, settings), watchers)


def _stopping() -> Callable[[], bool]:
    """Whether uvicorn was told to end. It waits for open answers before it tells the
    application, so one that never ends by itself has to look."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return lambda: bool(getattr(server, "should_exit", False))


def _version() -> str:
    try:
        return version("llmbench")
    except PackageNotFoundError:  # run from a checkout
        return "0"


def __getattr__(name: str) -> Any:
    """`app`, made when it is first asked for: importing this module reads no setting
    and writes no log. Ends the process where a setting is wrong."""
    if name != "app":
        raise AttributeError(name)
    config = start.begin("api")
    collect_seldom()
    tracing.setup("llmbench-api")
    app = create_app(config)
    globals()["app"] = app
    return app
