"""How many calls a late read may have touched, figure by figure.

Each stamp has its slack: how much later than true it may be. A slack touches the figure
that was dated by that read and no other: the first token's the time to it, that of a
read with several tokens the gaps, that of the end the latency.
"""

import numpy as np

from shared.distributions import Floats
from shared.rates import Rows
from shared.reason import MOST_OFF, RESOLUTION_S
from shared.tally import Tally


def doubtful_shares(run: Tally, rows: Rows) -> dict[str, float]:
    """Figure -> the share of its calls whose own value is in doubt.

    rows: those that count. Only successful calls have figures; one that no call has is
    left out.
    """
    ok = rows[run.ok[rows]]
    of = {name: run.of[name][ok] for name in _COLUMNS}
    # A row of an earlier build knows one slack, of the first token or of the gaps.
    by_figure = ("ttft_slack_s", "gap_slack_s", "last_slack_s")
    is_old = np.isnan([of[name] for name in by_figure]).all(axis=0)
    first, gap, last = (
        np.where(is_old, of["stamp_slack_s"], of[name]) for name in by_figure
    )
    spoke_s = of["last_token_s"] - of["first_token_s"]
    mean_gap_s = np.full(len(ok), np.nan)
    np.divide(of["gap_sum_s"], of["gap_n"], out=mean_gap_s, where=of["gap_n"] > 0)
    pairs = {
        "ttft": (of["ttft_s"], first),
        "gap": (mean_gap_s, gap),
        # its stamps are the first token's and the last one's
        "tpot": (
            np.where(np.isnan(of["tpot_s"]), np.nan, spoke_s),
            np.fmax(first, last),
        ),
        "latency": (of["latency_s"], of["end_slack_s"]),
    }
    shares = {name: _share(*pair) for name, pair in pairs.items()}
    return {name: share for name, share in shares.items() if share is not None}


def _share(value_s: Floats, slack_s: Floats) -> float | None:
    """Both shape (n,); of a call without slack the stamp is exact."""
    n = int((~np.isnan(value_s)).sum())
    # A comparison with NaN is false.
    doubtful = slack_s > np.maximum(MOST_OFF * value_s, RESOLUTION_S)
    return int(doubtful.sum()) / n if n else None


_COLUMNS = (
    *("ttft_s", "gap_sum_s", "gap_n", "tpot_s", "latency_s"),
    *("first_token_s", "last_token_s"),
    *("stamp_slack_s", "ttft_slack_s", "gap_slack_s", "last_slack_s", "end_slack_s"),
)
