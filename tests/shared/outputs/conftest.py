"""What the tests of the written files share."""

import pytest

from shared.analysis import METRICS
from shared.outputs.table import COLUMNS


@pytest.fixture
def fixed_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No metric but those of COLUMNS: others come behind them and change none."""
    for name in METRICS.keys() - COLUMNS.keys():
        monkeypatch.delitem(METRICS, name)
