"""Late or lost: invented and missed losses and the error of even times, over 404 cases.

python -m tests.bench.bench_lateness [--seed N]

Stamps with stalls, losses, drift and packets are made by `tests/stamps.py`, with the truth beside
them. Each case is judged as a whole, as the check does, and live, a quarter of a second at a time.
What is lost in the last 40 s may still be open live.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from acquire.take.loss_counter import LossCounter
from recordings.lateness.decision import decide
from tests.stamps import Sender, Sent, Stall, Style, send

STREAMS = 64
OPEN_S = 40.0
NONE = ("nothing lost", "stalls", "many short stalls")
LOSSES = ("single losses", "losses", "one long loss", "singles in packets", "clock ± 2 ms", "timer")
BOTH = ("stalls and losses", "loss in a stall")

_SHAPES = (
    Sender(250.0, packet=1, style="equal"),
    Sender(250.0, packet=10, style="equal"),
    Sender(250.0, packet=10),
    Sender(256.0, packet=12),
    Sender(130.0, packet=73, style="equal"),
    Sender(256.0, packet=73),
    Sender(52.0, packet=3, style="equal"),
    Sender(1000.0, packet=8, style="equal"),
    Sender(500.0, packet=20),
    Sender(128.0, packet=8, style="equal"),
)


@dataclass(frozen=True)
class Result:
    """One case, judged: samples lost, found, ±, p99 of the even times, found live."""

    kind: str
    lost: int
    found: int
    uncertainty: int
    p99_ms: float
    error_ms: float  # what is said of the even times, 99 %
    live: int
    live_least: int  # what must be known by the end
    seconds: float
    live_cost_s: float

    @property
    def is_within(self) -> bool:
        """Whether the count is right within its ±, or 1."""
        return abs(self.found - self.lost) <= max(self.uncertainty, 1)


def cases(rng: np.random.Generator) -> Iterator[tuple[str, Sender]]:
    """Yield the kinds of cases with their senders."""
    for place, shape in enumerate(_SHAPES):
        for turn in range(4):
            seconds = (60.0, 120.0, 300.0, 600.0)[(turn + 2 * place) % 4]
            wander = (0.0, 20e-6, 50e-6, 100e-6)[(turn + place) % 4]
            base = replace(
                shape,
                seconds=seconds,
                off=(0.0, 0.001, -0.01, 0.02)[turn],
                wander=wander if seconds >= 300 else wander / 5,
                jitter_s=(0.0, 0.001, 0.004, 0.015)[(3 * turn + place) % 4],
            )
            yield from _of_shape(base, rng)
    for _ in range(40):
        seconds = float(rng.choice([60, 300]))
        at = np.linspace(0.1, 0.8, int(rng.integers(0, 6))) * seconds
        yield (
            "clock ± 2 ms",
            Sender(
                float(rng.choice([128, 250, 500, 1000])),
                seconds,
                made="clock",
                jitter_s=0.002,
                even_noise=bool(rng.random() < 0.5),
                off=float(rng.choice([0, 0.001, -0.01])),
                wander=float(rng.choice([0, 20e-6, 50e-6])) if seconds > 100 else 0.0,
                losses=tuple((float(t), _size(rng, 1000) if rng.random() < 0.5 else 1) for t in at),
            ),
        )
    for turn in range(8):
        losses = ((20.0, 1 + turn),) if turn > 3 else ()
        yield "timer", Sender(250.0, 60.0, made="clock", off=(0.0, 0.001)[turn % 2], losses=losses)


def _of_shape(base: Sender, rng: np.random.Generator) -> Iterator[tuple[str, Sender]]:
    seconds = base.seconds
    yield "nothing lost", base
    yield "stalls", replace(base, stalls=tuple(_stall(rng, seconds) for _ in range(3)))
    short = tuple(
        Stall(float(at), float(rng.uniform(0.05, 1)), float(rng.choice([1.5, 3, np.inf])))
        for at in np.arange(5, seconds - 8, 4)
    )
    yield "many short stalls", replace(base, stalls=short)
    yield "single losses", replace(base, losses=_losses(rng, seconds, 4, 1))
    largest = int(min(3000, base.rate_hz * seconds / 30))
    yield "losses", replace(base, losses=_losses(rng, seconds, 5, largest))
    long = int(min(10_000, 0.3 * seconds * base.rate_hz))
    yield "one long loss", replace(base, losses=((0.4 * seconds, long),))
    apart = (Stall(0.15 * seconds, 3.0, 2.0), Stall(0.7 * seconds, 5.0, 5.0))
    losses = _losses(rng, seconds, 3, 500)
    yield "stalls and losses", replace(base, stalls=apart, losses=losses)
    one = Stall(0.3 * seconds, float(rng.uniform(1, 8)), float(rng.choice([1.5, 3, np.inf])))
    amid = ((one.at + one.length_s / 2, _size(rng, 300)),)
    yield "loss in a stall", replace(base, stalls=(one,), losses=amid)
    if base.packet > 1:
        singles = _losses(rng, seconds, 3, 1)
        yield "singles in packets", replace(base, losses=singles, splits=True)


def often_lost(rng: np.random.Generator) -> Iterator[Sender]:
    """Yield senders of which a hundredth or a twentieth of the packets is lost, by chance."""
    for turn, shape in enumerate(2 * _SHAPES):
        seconds, jitter_s = (90.0, 180.0, 300.0)[turn % 3], (0.0005, 0.002, 0.004)[turn // 3 % 3]
        count = int(shape.rate_hz / shape.packet * seconds * (0.01, 0.05)[turn // len(_SHAPES)])
        at = np.sort(rng.uniform(1, seconds - 5, count)).tolist()
        losses = tuple((when, 1) for when in at)
        off = float(rng.uniform(-5e-4, 5e-4))
        yield replace(shape, seconds=seconds, jitter_s=jitter_s, off=off, losses=losses)


def coarse(rng: np.random.Generator) -> Iterator[tuple[float, Sender]]:
    """Yield the ticks of coarse clocks, s, with senders, a third of which loses samples."""
    shapes = (*_SHAPES, Sender(60.0), Sender(500.0), Sender(1000.0))
    for tick in (1e-3, 4e-3, 1 / 64):
        for place, shape in enumerate(shapes):
            for turn, jitter_s in enumerate((0.001, 0.004, 0.015)):
                is_lossy = (turn + place) % 3 == 2
                yield (
                    tick,
                    replace(
                        shape,
                        seconds=180.0,
                        style="equal",
                        jitter_s=jitter_s,
                        off=float(rng.uniform(-1e-3, 1e-3)),
                        wander=1e-5,
                        losses=((50.0, 50), (100.0, 50)) if is_lossy else (),
                    ),
                )


def bursts(rng: np.random.Generator) -> Iterator[Sender]:
    """Yield packets whose samples are sent one by one, some µs apart: steady, stalling, losing."""
    for rate_hz, packet in ((128.0, 8), (256.0, 12), (130.0, 73), (500.0, 5), (1000.0, 10)):
        for jitter_s in (0.001, 0.004, 0.015):
            base = Sender(
                rate_hz,
                300.0,
                packet=packet,
                style="burst",
                jitter_s=jitter_s,
                off=float(rng.uniform(-1e-3, 1e-3)),
            )
            yield base
            stalls = tuple(_stall(rng, 300.0) for _ in range(8))
            yield replace(base, stalls=stalls)
            yield replace(base, losses=_losses(rng, 300.0, 5, 1000))
            yield replace(base, stalls=stalls[:3], losses=_losses(rng, 300.0, 3, 500))


def radio(rng: np.random.Generator) -> Iterator[Sender]:
    """Yield packets that wait for their turn of a radio: steady, losing, losing often and long."""
    for rate_hz, packet in ((130.0, 73), (200.0, 36), (256.0, 12), (52.0, 3), (250.0, 10)):
        for slot_s in (0.0075, 0.015, 0.03, 0.04875):
            base = Sender(
                rate_hz,
                300.0,
                packet=packet,
                slot_s=slot_s,
                jitter_s=float(rng.uniform(2e-4, 1.5e-3)),
                off=float(rng.uniform(-7e-3, 7e-3)),
            )
            yield base
            yield replace(base, losses=_losses(rng, 300.0, 5, 1000))
            at = np.arange(1.0, 295.0, packet / rate_hz)
            yield replace(
                base, losses=tuple((t, 1) for t in at[rng.random(len(at)) < 0.2].tolist())
            )
            bad = at[((at < 60) | (at > 220)) & (rng.random(len(at)) < 0.4)]
            yield replace(base, losses=tuple((t, 1) for t in bad.tolist()))


def lacking(rng: np.random.Generator) -> Iterator[Sender]:
    """Yield packets of which a part is lost by chance: amid stalls, for long, and away for 40 s."""
    for turn, (rate_hz, packet) in enumerate(
        ((130.0, 73), (200.0, 36), (256.0, 12), (52.0, 3), (250.0, 10))
    ):
        for slot_s in (0.0, 0.015, 0.03):
            for kind, share in enumerate((0.03, 0.1, 0.3, 0.5), turn):
                seconds = 1800.0 if kind % 4 == 1 else 300.0
                at = np.arange(1.0, seconds - 5, packet / rate_hz)
                losses = [(when, 1) for when in at[rng.random(len(at)) < share].tolist()]
                if kind % 4 == 2:
                    losses.append((seconds / 2, int(40 * rate_hz / packet)))
                yield Sender(
                    rate_hz,
                    seconds,
                    packet=packet,
                    slot_s=slot_s,
                    jitter_s=0.002,
                    off=float(rng.uniform(-5e-3, 5e-3)),
                    wander=(0.0, 5e-5, 2e-5, 2e-5)[kind % 4],
                    stalls=tuple(_stall(rng, seconds) for _ in range(6 if kind % 4 == 3 else 0)),
                    losses=tuple(sorted(losses)),
                )


def loops() -> Iterator[Sender]:
    """Yield loops without a clock, which rest for a period and are busy for a part of it."""
    for rate_hz in (1.0, 10.0, 30.0, 60.0, 100.0, 250.0):
        for busy_s in (5e-5, 2e-4, 1e-3, 3e-3):
            for seconds in (120.0, 300.0, 1200.0):
                yield Sender(rate_hz, seconds, made="loop", jitter_s=busy_s)


def chunk_loops() -> Iterator[Sender]:
    """Yield loops that rest for as long as a chunk should take, and then send one."""
    styles: tuple[Style, ...] = ("equal", "spread", "burst")
    for rate_hz in (250.0, 500.0, 1000.0):
        for packet in (5, 10, 25, 50):
            for busy_s in (2e-4, 1e-3, 3e-3):
                for style in styles:
                    yield Sender(
                        rate_hz, 300.0, packet=packet, style=style, made="loop", jitter_s=busy_s
                    )


def other_rates() -> Iterator[Sender]:
    """Yield senders whose rate is far from the one that they say, the stamps scattering."""
    for rate_hz in (1.0, 10.0, 50.0, 250.0):
        for share in (0.1, 0.25, 0.5, 0.77, 1.25):
            for samples in (60, 120, 600, 4000):
                for part in (0.02, 0.15, 0.35):  # of a period
                    true_hz = rate_hz * share
                    yield Sender(
                        rate_hz,
                        samples / true_hz,
                        made="clock",
                        jitter_s=2 * part / true_hz,
                        off=share - 1,
                    )


def dropped(rng: np.random.Generator) -> Iterator[Sender]:
    """Yield clocks of which a part of the samples is dropped by chance, one by one."""
    for rate_hz in (30.0, 60.0, 200.0):
        for part in (0.01, 0.05, 0.1):  # of a period: lateness
            for share in (0.02, 0.1, 0.2, 0.3, 0.4, 0.6):
                at = np.flatnonzero(rng.random(int(300 * rate_hz)) < share) / rate_hz
                losses = tuple((when, 1) for when in at[1:-1].tolist())
                yield Sender(rate_hz, 300.0, jitter_s=part / rate_hz, losses=losses)


def _size(rng: np.random.Generator, largest: int) -> int:
    return int(np.exp(rng.uniform(0, np.log(largest))))


def _stall(rng: np.random.Generator, seconds: float) -> Stall:
    length = float(np.exp(rng.uniform(np.log(0.05), np.log(10))))
    speed = float(rng.choice([1.3, 2, 5, np.inf]))
    return Stall(float(rng.uniform(0.1, 0.8)) * seconds, length, speed)


def _losses(
    rng: np.random.Generator, seconds: float, count: int, largest: int
) -> tuple[tuple[float, int], ...]:
    at = np.linspace(0.08, 0.88, count) * seconds + rng.uniform(0, 0.04 * seconds, count)
    return tuple((float(t), _size(rng, largest)) for t in at)


def judge(kind: str, sender: Sender, rng: np.random.Generator, tick: float = 0.0) -> Result:
    """Judge one case, as a whole and live."""
    sent: Sent = send(sender, rng)
    if tick:
        sent = replace(sent, stamps=np.floor(sent.stamps / tick) * tick)
    pace = decide(sent.stamps, sender.rate_hz)
    error = pace.times - sent.true
    counter, live = LossCounter(sender.rate_hz), 0
    pull = max(int(sender.rate_hz / 4), 1)
    begin = time.process_time()
    for start in range(0, len(sent.stamps), pull):
        counter.note(sent.stamps[start : start + pull])
        live += sum(loss.lost for loss in counter.judge())
    cost = time.process_time() - begin
    return Result(
        kind=kind,
        lost=sent.lost,
        found=pace.lost,
        uncertainty=pace.uncertainty,
        p99_ms=1e3 * float(np.percentile(np.abs(error - np.median(error)), 99)),
        error_ms=1e3 * (pace.error_s or 0.0),
        live=live,
        live_least=sent.lost_until(float(sent.stamps[-1]) - OPEN_S),
        seconds=sender.seconds,
        live_cost_s=cost,
    )


def share(results: list[Result], what: list[bool]) -> float:
    """Give the part of the cases, in %."""
    return 100 * sum(what) / max(len(results), 1)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    rng = np.random.default_rng(seed)
    results = [judge(kind, sender, rng) for kind, sender in cases(rng)]
    for kind in (*NONE, *LOSSES, *BOTH):
        _print(kind, [r for r in results if r.kind == kind])
    _print("all", results)
    rng = np.random.default_rng(seed)
    _print("packets often lost", [judge("", sender, rng) for sender in often_lost(rng)])
    rng = np.random.default_rng(seed)
    _print("coarse clocks", [judge("", sender, rng, tick) for tick, sender in coarse(rng)])
    _print("loops", [judge("", sender, rng) for sender in loops()])
    _print("other rates", [judge("", sender, rng) for sender in other_rates()])
    _print("often dropped", [judge("", sender, rng) for sender in dropped(rng)])
    rng = np.random.default_rng(seed)
    _print("bursts", [judge("", sender, rng) for sender in bursts(rng)])
    rng = np.random.default_rng(seed)
    _print("radio", [judge("", sender, rng) for sender in radio(rng)])
    rng = np.random.default_rng(seed)
    _print("packets lacking", [judge("", sender, rng) for sender in lacking(rng)])
    _print("loops of chunks", [judge("", sender, rng) for sender in chunk_loops()])
    figures = _figures(results)
    for name, value, limit, is_met in figures:
        print(f"{name}: {value:.3g} ({limit}) {'' if is_met else 'MISSED'}")
    return 0 if all(is_met for *_, is_met in figures) else 1


def _print(kind: str, some: list[Result]) -> None:
    invented = sum(max(r.found - r.lost, 0) for r in some)
    missed = sum(max(r.lost - r.found, 0) for r in some)
    live_invented = sum(max(r.live - r.lost, 0) for r in some)
    live_missed = sum(max(r.live_least - r.live, 0) for r in some)
    p99 = np.quantile([r.p99_ms for r in some], [0.5, 0.9])
    print(
        f"{kind:20s} {len(some):3d} cases, {sum(r.lost for r in some):7,} lost: "
        f"{sum(r.found == r.lost for r in some):3d} exact, {invented:4,} invented, "
        f"{missed:4,} missed; p99 {p99[0]:.2f} ms (90 %: {p99[1]:.2f}), "
        f"as far as said in {share(some, [r.p99_ms <= r.error_ms for r in some]):.0f} %; "
        f"live {live_invented:,} invented, {live_missed:,} missed"
    )


def _figures(results: list[Result]) -> list[tuple[str, float, str, bool]]:
    none = [r for r in results if not r.lost]
    lossy = [r for r in results if r.kind in LOSSES and r.lost]
    both = [r for r in results if r.kind in BOTH]
    lost = sum(r.lost for r in both)
    missed = sum(max(r.lost - r.found, 0) for r in both)
    invented = sum(max(r.found - r.lost, 0) for r in both)
    cost = 1e3 * STREAMS * sum(r.live_cost_s for r in results) / sum(r.seconds for r in results)
    figures = [
        ("nothing lost: cases without invention, %", share(none, [not r.found for r in none]), 98),
        ("nothing lost: p99 ≤ 1 ms, %", share(none, [r.p99_ms <= 1 for r in none]), 95),
        ("losses: within ± or 1, %", share(lossy, [r.is_within for r in lossy]), 90),
        ("losses: p99 ≤ 2 ms, %", share(lossy, [r.p99_ms <= 2 for r in lossy]), 90),
        ("stalls and losses: found, %", 100 * (1 - missed / lost), 95),
        ("live, nothing lost: without invention, %", share(none, [not r.live for r in none]), 96),
    ]
    return [
        *((name, value, f"≥ {limit}", value >= limit) for name, value, limit in figures),
        (
            "stalls and losses: invented of 1,000",
            1e3 * invented / lost,
            "≤ 1",
            invented * 1e3 <= lost,
        ),
        ("live: ms a second for 64 streams", cost, "< 10", cost < 10),
    ]


if __name__ == "__main__":
    sys.exit(main())
