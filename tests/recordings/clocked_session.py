"""Sessions of three streams from computers with clocks of their own, with the true times.

The world's time is the recorder's LSL clock. A computer's clock is off, drifts, wanders a little
and may be set anew; its offset is measured every 5 s by the quickest of eight probes of the
network, whose two ways need not take the same time. True is where a sample would be stamped if it
came by the quickest way: latency is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recordings import layout
from recordings.arrays import F64Array
from recordings.manifest import Manifest, State
from recordings.manifest_entries import StreamEntry
from recordings.xdf import chunks
from tests.recordings.xdf_samples import header_xml, write
from tests.stamps import LATENCY_S, START, Sender, Stall, send

OFFSET_EVERY_S = 5.0
_PROBES = 8
_DOWN_S = 12.0  # a computer that starts anew sends nothing for so long


@dataclass(frozen=True)
class Network:
    """The way to a computer: both ways together take at least `round_trip_s`, one `share` of it."""

    round_trip_s: float
    share: float = 0.5
    queue_s: float = 0.0  # mean wait on each way, beside that


@dataclass(frozen=True)
class Computer:
    """Where a stream comes from; its clock is ahead by `ahead_s` and starts anew at `reset_at`."""

    network: Network
    is_recorder: bool = False
    ahead_s: float = 0.0
    drift_ppm: float = 0.0
    wander_ppm: float = 0.0  # up and down in 10 minutes, as with the temperature
    reset_at: float | None = None

    def clock(self, times: F64Array) -> F64Array:
        """Return what its clock shows at true times."""
        since = times - START
        turn = 2 * np.pi / 600.0
        own = times + self.ahead_s + 1e-6 * self.drift_ppm * since
        own += 1e-6 * self.wander_ppm / turn * np.sin(turn * since)
        if self.reset_at is not None:
            own[since >= self.reset_at] -= 5000.0 + self.ahead_s / 2
        return np.asarray(own, np.float64)

    def is_up(self, times: F64Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Say when it runs."""
        if self.reset_at is None:
            return np.ones(len(times), np.bool_)
        since = times - START
        return np.asarray((since < self.reset_at - _DOWN_S) | (since >= self.reset_at))


@dataclass(frozen=True)
class Source:
    """A stream; without a sender it is of markers, one each second or so, stamped at once."""

    name: str
    computer: Computer
    sender: Sender | None
    seconds: float = 60.0


def write_session(
    folder: Path, sources: Sequence[Source], rng: np.random.Generator
) -> dict[str, F64Array]:
    """Write a session to `folder`; return the true times of each stream's samples."""
    folder.mkdir(parents=True)
    heads, bodies, true, entries = [], [], {}, []
    for number, source in enumerate(sources, 1):
        stamps, times = _stamped(source, rng)
        true[source.name] = times
        offsets, round_trips = _offsets(source, rng)
        rate = source.sender.rate_hz if source.sender else 0.0
        type_, format_ = ("EEG", "int16") if source.sender else ("Markers", "string")
        host = "lab" if source.computer.is_recorder else "other"
        head = header_xml(source.name, type_, 1, rate, format_, f"src-{number}", hostname=host)
        heads.append(chunks.stream_header(number, head))
        for a in range(0, len(stamps), 500):
            part = stamps[a : a + 500]
            if source.sender:
                rows = (np.arange(a, a + len(part)) % 1000).astype(np.int16)[:, None]
                bodies.append(chunks.samples(number, part, rows))
            else:
                bodies.append(chunks.string_samples(number, part, [["x"]] * len(part)))
        bodies += [chunks.clock_offset(number, t, value) for t, value in offsets]
        ends = (float(stamps[0]), float(stamps[-1]))
        bodies.append(chunks.stream_footer(number, *ends, len(stamps), offsets))
        entries.append(
            StreamEntry(
                id=number,
                name=source.name,
                type=type_,
                source_id=f"src-{number}",
                hostname=host,
                channels=1,
                rate_hz=rate,
                dtype=format_,
                samples=len(stamps),
                offsets=len(offsets),
                offset_uncertainty_s=float(np.median(round_trips)),
            )
        )
    write(folder / layout.XDF_NAME, [*heads, *bodies])
    Manifest(
        state=State.COMPLETE,
        study="study",
        participant="01",
        session="01",
        task="test",
        run=1,
        software={},
        host={"name": "lab"},
        lsl_start=START,
        lsl_stop=START + sources[0].seconds,
        streams=tuple(entries),
    ).save(folder)
    return true


def _stamped(source: Source, rng: np.random.Generator) -> tuple[F64Array, F64Array]:
    if source.sender is None:
        times = START + np.cumsum(rng.uniform(0.5, 1.5, int(source.seconds / 1.5)))
        up = source.computer.is_up(times)
        return source.computer.clock(times[up]), times[up]
    sent = send(source.sender, rng)
    latency = LATENCY_S if source.sender.made == "arrival" else 0.0
    # A packet comes whole or not at all, by when it was taken and came; the jitter of a clock's
    # single stamps decides over no sample.
    up = source.computer.is_up(sent.true)
    if source.sender.made == "arrival":
        up &= source.computer.is_up(sent.stamps)
    packets = sent.numbers // source.sender.packet
    up &= ~np.isin(packets, packets[~up])
    return source.computer.clock(sent.stamps[up]), sent.true[up] + latency


def _offsets(
    source: Source, rng: np.random.Generator
) -> tuple[list[tuple[float, float]], list[float]]:
    """Measure the offsets as liblsl does, with the round trip of each."""
    network = source.computer.network
    local = START + np.arange(1.0, source.seconds, OFFSET_EVERY_S)
    local = local[source.computer.is_up(local)]
    ways = rng.exponential(network.queue_s, (2, len(local), _PROBES))
    ways[0] += network.share * network.round_trip_s
    ways[1] += (1 - network.share) * network.round_trip_s
    best = ways.sum(0).argmin(1)
    there, back = ways[:, np.arange(len(local)), best]
    remote = source.computer.clock(local)
    values = local - remote + (there - back) / 2
    return list(zip(remote.tolist(), values.tolist(), strict=True)), (there + back).tolist()


def random_sources(rng: np.random.Generator) -> list[Source]:
    """Draw three streams of a session: an amplifier by radio, one by cable, markers."""
    seconds = float(rng.choice([60.0, 180.0, 600.0]))
    packet = int(rng.choice([1, 10, 12, 73]))
    amplifier = Sender(
        rate_hz=float(rng.choice([130.0, 250.0, 256.0, 500.0])),
        seconds=seconds,
        packet=packet,
        style="equal" if rng.random() < 0.5 else "spread",
        jitter_s=float(rng.choice([0.0005, 0.002, 0.006, 0.015])),
        off=float(rng.choice([0.0, 0.001, -0.005])),
        wander=float(rng.choice([0.0, 10e-6, 20e-6])),
        stalls=_stalls(rng, seconds),
        losses=((0.35 * seconds, 40 * packet),) if rng.random() < 0.3 else (),
    )
    wired = Sender(
        rate_hz=float(rng.choice([500.0, 1000.0])),
        seconds=seconds,
        made="clock",
        jitter_s=float(rng.choice([0.0, 0.0005, 0.002])),
        off=float(rng.choice([0.0, 5e-5])),
    )
    return [
        Source("radio", _computer(rng, seconds), amplifier, seconds),
        Source("wired", _computer(rng, seconds), wired, seconds),
        Source("markers", _computer(rng, seconds), None, seconds),
    ]


def _stalls(rng: np.random.Generator, seconds: float) -> tuple[Stall, ...]:
    count = int(rng.integers(0, 4))
    at = np.linspace(0.15, 0.85, max(count, 1)) * seconds
    return tuple(
        Stall(float(t), float(rng.uniform(0.1, 4.0)), float(rng.choice([2.0, 5.0, np.inf])))
        for t in at[:count]
    )


def _computer(rng: np.random.Generator, seconds: float) -> Computer:
    share = float(rng.uniform(0.05, 0.95))  # any network must lie within the bound
    if rng.random() < 0.6:
        return Computer(Network(60e-6, share, 10e-6), is_recorder=True)
    # By cable, over several switches, by radio.
    kinds = ((300e-6, 50e-6), (1e-3, 300e-6), (4e-3, 2e-3))
    trip, queue = kinds[int(rng.choice(3, p=(0.6, 0.2, 0.2)))]
    return Computer(
        Network(trip, share, queue),
        ahead_s=float(rng.uniform(-1e5, 1e5)),
        drift_ppm=float(rng.normal(0, 30)),
        wander_ppm=float(rng.choice([0.0, 0.2, 1.0])),
        reset_at=0.5 * seconds if seconds > 100 and rng.random() < 0.25 else None,
    )
