"""What is said of the peers."""

import pytest

from bench import peers
from bench.peers import Peer, cpu_at

USED = [(10.0, 1.0), (10.02, 1.02), (10.04, 1.03)]
"""(monotonic second, CPU so far)."""


@pytest.mark.parametrize(
    ("at_s", "cpu_s"),
    [
        (9.0, 1.0),  # before the first reading
        (10.0, 1.0),
        (10.01, 1.01),  # half way from 1.00 to 1.02
        (10.03, 1.025),  # half way from 1.02 to 1.03
        (10.04, 1.03),
        (11.0, 1.03),  # after the last one
    ],
)
def test_cpu_at_a_moment_lies_between_two_readings(at_s: float, cpu_s: float) -> None:
    assert cpu_at(USED, at_s) == pytest.approx(cpu_s)


@pytest.mark.parametrize("peer", [*peers.PEERS.values(), peers.GATEWAY])
def test_every_peer_names_the_version_of_all_that_it_installs(peer: Peer) -> None:
    asked = [name for packages in peer.packages for name in packages]
    named = [name for name in asked if not name.startswith("--")]
    assert named
    assert [name for name in named if "==" not in name] == []
