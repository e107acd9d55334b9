"""What a call shows of its upstream: that it is there, or is perhaps down. Pure."""

from shared.sample import Outcome
from worker.rows import ReadAttempt

_FEWEST, _MOST = 3, 10
_GATEWAY = frozenset({502, 503, 504, *range(520, 528), 530})
"""Of a gateway, or of a router whose provider is not there. 529 is none of them: an
upstream that is overloaded is there."""
_UNREACHED = (Outcome.CONNECT_ERROR, Outcome.TIMEOUT_CONNECT)


def shows(ended: ReadAttempt, places: tuple[str, str]) -> str | None:
    """Which of its `places`, the upstream and the target, it shows to be down if it is
    one of several; None: nothing.

    A new connection that ends without a byte is what a proxy gives whose server is
    missing; the end of a kept connection shows nothing.
    """
    sample = ended.sample
    lost = sample.outcome is Outcome.DISCONNECTED and not sample.reused
    if lost or sample.outcome in _UNREACHED:
        return places[0]
    limit = ended.reply.limit
    if is_gateways(ended.reply.status) and not (limit is not None and limit.account):
        return places[1]
    return None


def is_gateways(status: int | None) -> bool:
    """Whether a gateway answered, to say that the target behind it is not there."""
    return status in _GATEWAY


def enough(lanes: int) -> int:
    """How many failures in a row are an outage: as many as there are lanes, so that a
    single failure by chance is none; 3 at least, and 10 at most."""
    return min(max(lanes, _FEWEST), _MOST)


def words(ended: ReadAttempt) -> str:
    """The upstream's own, or those of the connection."""
    said = ended.reply.error or ended.sample.outcome.value
    status = ended.reply.status
    return said if status is None else f"status {status}: {said}"


def hint_s(ended: ReadAttempt, most_s: float) -> float:
    """For how long after its start the answer asks to be left alone; 0: it does not."""
    limit, started_at = ended.reply.limit, ended.sample.started_at
    if limit is None or limit.opens_at is None or started_at is None:
        return 0.0
    return min(max(limit.opens_at - started_at, 0.0), most_s)
