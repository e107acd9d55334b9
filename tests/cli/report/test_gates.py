"""What the text of a gate means, and how a wrong one is refused."""

import pytest

from cli.report import CiGate, parse_gate


@pytest.mark.parametrize(
    ("text", "figure", "sign", "limit"),
    [
        ("ttft.p95 > 1s", "ttft.p95", ">", 1.0),
        ("ttft.p95>800ms", "ttft.p95", ">", 0.8),
        ("Latency.Mean >= 2.5 S", "latency.mean", ">=", 2.5),
        ("success < 99%", "success", "<", 0.99),
        ("success < 0.99", "success", "<", 0.99),
        ("success < 99.9%", "success", "<", 999 / 1000),
        ("goodput <= 95 %", "goodput", "<=", 0.95),
        ("cost_usd > 0.50", "cost_usd", ">", 0.5),
        ("cost_usd > $0.50", "cost_usd", ">", 0.5),
        ("requests_per_s < 3/s", "requests_per_s", "<", 3.0),
        ("find < 8", "find", "<", 8.0),
        ("failed > 0", "failed", ">", 0.0),
    ],
)
def test_a_gate_is_a_figure_a_sign_and_a_limit(
    text: str, figure: str, sign: str, limit: float
) -> None:
    assert parse_gate(text) == CiGate(text, figure, sign, limit, None)


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("acme/swift-8b:free: ttft.p95 > 1s", "acme/swift-8b:free"),
        ("acme/swift-8b:free:ttft.p95>1s", "acme/swift-8b:free"),
        ("acme/orca-pro@harbor: success<99%", "acme/orca-pro@harbor"),
        ("concurrency 8: ttft.p95 > 1s", "concurrency 8"),
    ],
)
def test_a_gate_may_be_of_one_target_or_step(text: str, of: str) -> None:
    assert parse_gate(text).of == of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ttft.p97 > 1s", "Did you mean ttft.p99 or ttft.p95 or ttft.p90?"),
        ("tftt.p95 > 1s", "Did you mean ttft.p95"),
        ("sucess < 99%", "Did you mean success?"),
        ("ttft > 1s", "Say which: ttft.p50, ttft.p90, ttft.p95, ttft.p99, ttft.mean"),
        ("qqqq > 1s", "There are ttft, ttft_visible, tpot, latency, response, gap"),
        ("ttft.p95 > 1", "give the time a unit, `1s` or `1ms`"),
        ("ttft.p95 > 1h", "give the time a unit, `1s` or `1ms`"),
        ("success < 99", "a share is written `99%`, or from 0 to 1"),
        ("success < 101%", "a share is written `101%`"),
        ("cost_usd > 1s", "the limit is written `1`, without another unit"),
        ("ttft.p95 = 1s", "is no gate"),
        ("ttft.p95", "is no gate"),
        ("", "is no gate"),
    ],
)
def test_a_wrong_gate_is_refused_with_what_is_near(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^`") as refused:
        parse_gate(text)
    assert said in str(refused.value)
