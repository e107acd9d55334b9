"""How many values a late read may have touched, figure by figure.

Each stamp has its slack: how much later than true it may be. A slack touches the figure
that was dated by that read and no other: the first token's the time to it, that of a
read with several tokens the gaps, that of the end the latency.
"""

import numpy as np
from numpy.typing import NDArray

from shared.analysis.distributions import Floats
from shared.analysis.groups import RunColumns
from shared.analysis.metrics import MOST_OFF, RESOLUTION_S
from shared.analysis.windows import Group


def doubtful_shares(run: RunColumns, group: Group) -> dict[str, float]:
    """Figure -> the share of its values that are in doubt: of its calls, or for `gap`
    of its gaps.

    group: those that count. Only successful calls have figures; one that no call has is
    left out.
    """
    ok = group[run.ok[group]]
    of = {name: run.column[name][ok] for name in _COLUMNS}
    # A row of an earlier build knows one slack, of the first token or of the gaps.
    is_old = np.isnan(of["gap_doubtful_n"])
    first, last = (
        np.where(is_old, of["stamp_slack_s"], of[name])
        for name in ("ttft_slack_s", "last_slack_s")
    )
    spoke_s = of["last_token_s"] - of["first_token_s"]
    spoke_s[np.isnan(of["tpot_s"])] = np.nan
    shares = {
        "ttft": _share(of["ttft_s"], first),
        "gap": _gap_share(of, is_old),
        # its stamps are the first token's and the last one's
        "tpot": _share(spoke_s, np.fmax(first, last)),
        "latency": _share(of["latency_s"], of["end_slack_s"]),
    }
    return {name: share for name, share in shares.items() if share is not None}


def _share(value_s: Floats, slack_s: Floats) -> float | None:
    """Both shape (n,), a value for each call; without slack its stamp is exact."""
    n = int((~np.isnan(value_s)).sum())
    return int(_doubtful(value_s, slack_s).sum()) / n if n else None


def _gap_share(of: dict[str, Floats], is_old: NDArray[np.bool_]) -> float | None:
    gaps = np.nan_to_num(of["gap_n"])
    if not gaps.any():
        return None
    mean_s = np.divide(of["gap_sum_s"], gaps, out=np.zeros(len(gaps)), where=gaps > 0)
    all_of_old = np.where(_doubtful(mean_s, of["stamp_slack_s"]), gaps, 0.0)
    return float(np.where(is_old, all_of_old, of["gap_doubtful_n"]).sum() / gaps.sum())


def _doubtful(value_s: Floats, slack_s: Floats) -> NDArray[np.bool_]:
    # A comparison with NaN is false.
    found: NDArray[np.bool_] = slack_s > np.maximum(MOST_OFF * value_s, RESOLUTION_S)
    return found


_COLUMNS = (
    *("ttft_s", "gap_sum_s", "gap_n", "tpot_s", "latency_s"),
    *("first_token_s", "last_token_s", "gap_doubtful_n"),
    *("stamp_slack_s", "ttft_slack_s", "last_slack_s", "end_slack_s"),
)
