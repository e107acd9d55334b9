"""An API that takes little."""

import pytest

from tests.api.server import Api, Start

CAPS = {
    "max_prompts": 50,
    "max_calls": 100,
    "max_prompt_bytes": 20_000,
    "max_upload_bytes": 100_000,
    "max_concurrency": 64,
    "max_targets": 3,
}


@pytest.fixture
def small(start: Start) -> Api:
    """An API with small caps."""
    return start(**CAPS)
