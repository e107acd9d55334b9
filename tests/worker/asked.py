"""The one upstream of a plan, for parts of a worker that are tried alone."""

from typing import cast

from shared.money import account_of
from shared.settings import DEFAULT, Settings
from shared.wire import Wire
from worker.assignment import AskedUpstream


def alone(settings: Settings) -> dict[str, AskedUpstream]:
    """Without connections: nothing is sent."""
    key = settings.api_key()
    asked = AskedUpstream(settings, cast(Wire, None), key, account_of(settings))
    return {DEFAULT: asked}
