"""Runs of two targets, drawn many at once: all arrays have the shape (runs, pairs)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from shared.comparison.calls import TargetCalls

Floats = NDArray[np.float64]
OF_PROMPTS = 0.3
"""The share of the variance that a prompt makes, the same for both targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What moves beside chance."""

    name: str
    interaction: float = 0.0
    """The share of the variance by which a target likes some prompts better."""
    shared_walk: float = 0.0
    """A random walk of the hour, the same for both: its sd at the end."""
    drift: float = 0.0
    """Of each target by itself: sd, of mean zero."""
    lasts: float = 0.1
    """How long such a drift resembles itself, as a share of the run."""
    router: float = 0.0
    """Two providers, so much above and below the mean; it switches after about 50 calls
    of the target, of each by itself."""
    fails: tuple[float, float] = (0.0, 0.0)
    """The share of calls of each that fail by chance."""
    outages: bool = False
    """The failures of the first come in a tenth of the time."""
    outage: float = 0.025
    """How long each takes, as a share of the run."""
    prompts_fail: tuple[bool, bool] = (False, False)
    """The failures of each are those of some prompts of its own, which always fail."""

    @property
    def drifts(self) -> bool:
        """Whether the difference itself moves during the run."""
        return bool(self.drift or self.router or self.outages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How runs are drawn."""

    world: World
    prompts: int
    repetitions: int
    sd: float = 0.3
    order: str = "adjacent"
    a_is: float = 0.0
    """ln of how much slower the first is."""

    @property
    def pairs(self) -> int:
        """Planned."""
        return self.prompts * self.repetitions

    @property
    def shape(self) -> str:
        """Prompts x repetitions."""
        return f"{self.prompts} x {self.repetitions}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some runs, and what made them. The last axis is the pair, prompt by prompt."""

    case: Case
    slot: tuple[Floats, Floats]
    prompt: NDArray[np.int64]
    shared: Floats
    """What the prompt makes, of both."""
    own: tuple[Floats, Floats]
    """What target and prompt make together."""
    drift: tuple[Floats, Floats]
    """Of each target by itself, and of the hour."""
    noise_sd: float
    fail_p: tuple[Floats, Floats]
    ok: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    logs: tuple[Floats, Floats]

    def calls(self, run: int) -> tuple[TargetCalls, TargetCalls]:
        """Both targets of one run, as the product takes them."""
        return self._side(run, 0), self._side(run, 1)

    def _side(self, run: int, side: int) -> TargetCalls:
        value = np.exp(self.logs[side][run])
        known = np.where(self.ok[side][run], value, np.nan)
        return TargetCalls(
            key=np.arange(len(value)),
            prompt=self.prompt,
            place=self.slot[side][run],
            ok=self.ok[side][run],
            good=self.ok[side][run],
            passed=np.full(len(value), np.nan),
            ttft_s=known,
            latency_s=known * 2,
            tpot_s=known / 10,
            cost_usd=value / 1000,
            output_tokens=np.full(len(value), 100.0),
        )


def drawn(case: Case, runs: int, seed: int) -> Iterator[Drawn]:
    """So many runs in pieces that fit into memory."""
    rng = np.random.default_rng([seed, case.prompts, case.repetitions])
    piece = max(1, min(runs, 200_000 // case.pairs))
    while runs > 0:
        yield _draw(case, min(piece, runs), rng)
        runs -= piece


def _draw(case: Case, runs: int, rng: np.random.Generator) -> Drawn:
    world, sd = case.world, case.sd
    prompt = np.tile(np.arange(case.prompts), case.repetitions)
    slots = _slots(case, runs, rng)
    of_prompts = rng.normal(0, sd * OF_PROMPTS**0.5, (runs, case.prompts))
    noise_sd = sd * (1 - OF_PROMPTS - world.interaction) ** 0.5
    hour = _walk(world.shared_walk, runs, 2 * case.pairs, rng)
    own, drift, fail_p, ok, logs = [], [], [], [], []
    for side in (0, 1):
        likes = rng.normal(0, sd * world.interaction**0.5, (runs, case.prompts))
        path = hour + _path(world, runs, 2 * case.pairs, rng)
        at = slots[side].astype(np.int64)
        own.append(likes[:, prompt])
        drift.append(np.take_along_axis(path, at, 1))
        fail_p.append(_failing(case, side, runs, at, rng))
        ok.append(rng.random(fail_p[-1].shape) >= fail_p[-1])
        level = case.a_is if side == 0 else 0.0
        noise = rng.normal(0, noise_sd, (runs, case.pairs))
        logs.append(level + of_prompts[:, prompt] + own[-1] + drift[-1] + noise)
    return Drawn(
        *(case, slots, prompt, of_prompts[:, prompt]),
        *((own[0], own[1]), (drift[0], drift[1]), noise_sd),
        *((fail_p[0], fail_p[1]), (ok[0], ok[1]), (logs[0], logs[1])),
    )


def _slots(case: Case, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Where both calls of each pair stand in the order of the run."""
    shape = (runs, case.repetitions, case.prompts)
    start = np.arange(case.repetitions)[:, None] * 2.0 * case.prompts
    if case.order == "adjacent":
        first = start + 2 * rng.random(shape).argsort(-1).argsort(-1)
        turn = rng.integers(0, 2, shape)
        a, b = first + turn, first + 1 - turn
    else:
        both = (*shape[:2], 2 * case.prompts)
        places = start + rng.random(both).argsort(-1).argsort(-1)
        a, b = places[..., : case.prompts], places[..., case.prompts :]
    return a.reshape(runs, -1), b.reshape(runs, -1)


def _walk(sd: float, runs: int, slots: int, rng: np.random.Generator) -> Floats:
    if not sd:
        return np.zeros((1, slots))
    return np.cumsum(rng.normal(0, sd / slots**0.5, (runs, slots)), axis=1)


def _path(world: World, runs: int, slots: int, rng: np.random.Generator) -> Floats:
    """What one target does by itself, slot by slot."""
    path = np.zeros((runs, slots))
    if world.router:
        switches = np.cumsum(rng.random((runs, slots)) < 1 / 100, axis=1)
        start = rng.integers(0, 2, (runs, 1))
        path += np.where((switches + start) % 2, world.router, -world.router)
    if world.drift:
        keeps = float(np.exp(-1 / (world.lasts * slots)))
        steps = rng.normal(0, world.drift * (1 - keeps**2) ** 0.5, (runs, slots))
        steps[:, 0] = rng.normal(0, world.drift, runs)
        path += lfilter([1.0], [1.0, -keeps], steps, axis=1)
    return path


def _failing(
    case: Case, side: int, runs: int, at: NDArray[np.int64], rng: np.random.Generator
) -> Floats:
    """The chance of each call to fail."""
    world, share = case.world, case.world.fails[side]
    if world.prompts_fail[side]:
        never = rng.random((runs, case.prompts)) < share
        return np.tile(never.astype(np.float64), case.repetitions)
    if side == 0 and world.outages:
        slots = 2 * case.pairs
        long = world.outage * slots
        on, off = 1 / long, 1 / (9 * long)  # a tenth of the time
        state = _telegraph(on, off, runs, slots, rng)
        return np.take_along_axis(state, at, 1) * 10 * share
    return np.full(at.shape, share)


def _telegraph(
    end: float, begin: float, runs: int, slots: int, rng: np.random.Generator
) -> Floats:
    """0 and 1 by turns; the chances are those of a slot."""
    state = np.zeros((runs, slots))
    now = rng.random(runs) < begin / (begin + end)
    for slot in range(slots):
        turns = rng.random(runs) < np.where(now, end, begin)
        now = now ^ turns
        state[:, slot] = now
    return state


TAME = World(name="nothing moves")
LIKES = World(name="one target likes some prompts better", interaction=0.1)
WALK = World(name="the hour moves, for both", shared_walk=0.2)
DRIFT = World(name="each target drifts by itself", drift=0.2)
WEAK = World(name="the same, weakly: below the noise", drift=0.05)
SLOW = World(name="the same, weakly and for a fifth of the run", drift=0.05, lasts=0.2)
ROUTER = World(name="a router switches every ~50 calls", router=0.2)
CHANCE = World(name="2 % of calls fail by chance", fails=(0.02, 0.02))
OUTAGES = replace(CHANCE, name="four outages of one target", outages=True)
FEW_OUTAGES = replace(OUTAGES, name="two long outages of one target", outage=0.05)
ALWAYS = replace(
    CHANCE,
    name="each target always fails at some prompts of its own",
    prompts_fail=(True, True),
)
ONE_ALWAYS = replace(
    CHANCE, name="one fails at some prompts, one by chance", prompts_fail=(True, False)
)
