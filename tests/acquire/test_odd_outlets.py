"""One outlet that is out of its mind stops neither the recorder nor its neighbours."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pylsl
import pytest

from acquire.engine.readiness import Readiness
from acquire.lsl import descriptors
from acquire.lsl.buffer import LSL_IRREGULAR_HZ, buffer_of
from acquire.lsl.inlet import Inlet
from acquire.lsl.outlet import DTYPES, Outlet
from acquire.lsl.streams import FoundStream, Refused, Resolver, describe
from acquire.pump.discovery import Discovery
from acquire.pump.pump import Pump
from acquire.pump.selection import Selection
from acquire.take.loss_counter import LossCounter
from devices.base import Channel, Dtype, StreamSpec
from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.manifest import Manifest
from tests.acquire.program import TIMEOUT_S, Unisono, event_codes, load, unique, unisono, wait_for
from tests.acquire.sources import ROOT, Source, Sources

ODD = {
    "zero": (0, 100.0, "float32"),
    "fast": (1, 1e7, "float32"),
    "slow": (1, 1e-300, "float32"),
    "fast-texts": (1, 1e7, "string"),
    "slow-texts": (1, 1e-300, "string"),
}
VERY_ODD = ODD | {"fast": (1, 1e8, "float32"), "huge": (1, 1e9, "float32")}
"""liblsl takes 4 GB and 15 s to make these."""


@contextmanager
def odd_outlets(base: str, kinds: dict[str, tuple[int, float, str]]) -> Iterator[None]:
    rows = [(f"{base}-{kind}", *announced) for kind, announced in kinds.items()]
    command = [sys.executable, "-m", "tests.acquire.odd_outlets", json.dumps(rows)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stdin
        try:
            assert process.stdout.readline() == b"ready\n"
            yield
        finally:
            process.stdin.close()
            process.wait(TIMEOUT_S)


@pytest.mark.parametrize(
    "odd", [pytest.param(ODD, id="odd"), pytest.param(VERY_ODD, id="very", marks=pytest.mark.soak)]
)
def test_the_good_one_beside_them_is_recorded(
    odd: dict[str, tuple[int, float, str]], tmp_path: Path
) -> None:
    base, file = unique("odd"), tmp_path / "a.xdf"
    with odd_outlets(base, odd), Sources(Source(f"{base}-good")):
        listed = unisono("streams", "--json", folder=tmp_path)
        assert listed.code == 0
        assert f"{base}-good" in listed.stdout
        predicate = f"starts-with(name,'{base}')"
        result = unisono(
            *("record", "--xdf", file, "--streams", predicate, "--seconds", "3", "--json"),
            folder=tmp_path,
        )
    assert result.code == 1, result.stderr  # the refusals are alarms
    assert set(load(file)) == {f"{base}-good"}
    assert len(load(file)[f"{base}-good"].stamps) > 500
    for kind in odd:
        assert result.stderr.count(f"warning: {base}-{kind}: cannot be received, as ") == 1, kind


class Announced:
    """What a resolver gives, of outlets that this liblsl would not make itself."""

    def __init__(self, channels: int, rate: float, format_: int) -> None:
        self.channel_count, self.nominal_srate = lambda: channels, lambda: rate
        self.channel_format = lambda: format_
        self.name = self.type = self.source_id = self.hostname = self.uid = lambda: "x"


@pytest.mark.parametrize(
    ("channels", "rate", "reason"),
    [
        (1, 0.0, None),
        (1, 0.001, None),
        (64, 1e4, None),
        (1, 1e6, None),
        (0, 0.0, "0 channels"),
        (70_000, 0.0, "70000 channels"),
        (1, 1.1e6, "1.1e+06 Hz"),
        (1, 1e-4, "0.0001 Hz"),
        (1, -5.0, "-5 Hz"),
        (1, math.nan, "nan Hz"),
        (1, math.inf, "inf Hz"),
        (1000, 1e5, "MB/s"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "string"])
def test_what_can_be_received_has_bounds(
    dtype: Dtype, channels: int, rate: float, reason: str | None
) -> None:
    found = describe(Announced(channels, rate, DTYPES.index(dtype)))
    if reason is None:
        assert isinstance(found, FoundStream)
        seconds, capacity = buffer_of(found)
        assert seconds >= 2
        assert (100 if found.rate_hz else 2) <= capacity <= 15e6
    else:
        assert isinstance(found, Refused)
        assert reason in found.reason
        assert "allowed" in found.reason


@pytest.mark.parametrize(("format", "rate"), [("string", 0), ("float32", 0), ("string", 100)])
def test_a_burst_of_a_stream_without_a_rate_is_all_there(format: str, rate: float) -> None:
    name, count = unique("burst"), 20_000
    info = pylsl.StreamInfo(name, "Markers", 1, rate, format, name)
    outlet = pylsl.StreamOutlet(info, max_buffered=1000)
    resolver = Resolver(f"name='{name}'")
    wait_for(resolver.found)
    inlet = Inlet(resolver.found()[0])
    inlet.open(TIMEOUT_S)
    wait_for(outlet.have_consumers)
    rows = [[str(k)] if format == "string" else [float(k)] for k in range(count)]
    outlet.push_chunk(rows, [100.0 + k for k in range(count)])
    got: list[float] = []

    def take() -> bool:
        while (pulled := inlet.pull()) is not None:
            got.extend(float(row[0]) for row in pulled[1].tolist())
        return len(got) >= count

    wait_for(take)
    assert got == list(range(count))
    assert inlet.new_overflows() == 0
    inlet.close()
    resolver.pause()


def test_what_liblsl_drops_is_said() -> None:
    name = unique("overflow")
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(name, "EEG", 1, 100, "float32", name), 0, 360)
    resolver = Resolver(f"name='{name}'")
    wait_for(resolver.found)
    inlet = Inlet(resolver.found()[0])
    inlet.open(TIMEOUT_S)
    wait_for(outlet.have_consumers)
    outlet.push_chunk([[1.0]] * (inlet.capacity + 10))
    wait_for(lambda: inlet.backlog() >= inlet.capacity)
    assert inlet.pull() is not None
    assert inlet.new_overflows() == 1
    assert inlet.new_overflows() == 0, "each is told once"
    inlet.close()
    resolver.pause()


BURST = 40_000
"""More than an outlet keeps for a receiver that is slower than its program."""


def test_a_burst_that_may_have_outrun_a_buffer_is_an_event_and_no_pass(tmp_path: Path) -> None:
    """As many samples as an outlet keeps; this one keeps more, as what liblsl drops is chance."""
    name = unique("flood")
    info = pylsl.StreamInfo(name, "Markers", 1, 0, "float32", name)
    outlet = pylsl.StreamOutlet(info, max_buffered=10 * BURST // LSL_IRREGULAR_HZ)
    with Unisono(
        *("record", "--streams", f"name='{name}'", "--participant", "01", "--json"),
        *("--data-dir", tmp_path),
        folder=tmp_path,
    ) as program:
        program.wait_for_line()
        wait_for(outlet.have_consumers)
        outlet.push_chunk(np.arange(BURST, dtype=np.float32)[:, np.newaxis])
        wait_for(lambda: f"{name}: more samples came at once" in program.stderr, what="the alarm")
        result = program.stop()
    (entry,) = [s for s in Manifest.load(result.session).streams if s.name == name]
    assert entry.samples == BURST
    assert entry.overflows >= 1
    assert event_codes(result.session, name).count("samples-dropped") == 1
    assert result.code == 1
    report = check(result.session)
    assert report.verdict is Verdict.WARN
    (text,) = [f.text for f in report.findings if f.code == "samples-dropped"]
    assert "nobody counts how many" in text


class Heard:
    """A discovery on everything of one base name."""

    def __init__(self, base: str, limit: int | None = None) -> None:
        self.base = base
        self.events: list[tuple[str, str]] = []
        self.pump = Pump(self.report, lambda take, error: None, lambda: None)
        selection = Selection(predicates=(f"starts-with(name,'{base}')",))
        self.discovery = Discovery(selection, dict, self.pump, self.report, limit)

    def report(
        self, source: str, level: str, code: str, text: str, take: int | None = None
    ) -> None:
        self.events.append((code, text))

    def seen(self) -> int:
        return sum(s.key.name.startswith(self.base) for s in self.discovery.seen())

    def __enter__(self) -> Heard:
        self.pump.start()
        self.discovery.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.discovery.close()
        self.pump.close()


def test_it_says_how_many_streams_are_not_connected_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 1,000 outlets half came in late, and nobody was told."""
    base, goes_on, opened = unique("late"), threading.Event(), Inlet.open

    def open_(self: Inlet, timeout_s: float) -> str:
        if self.stream.key.name == f"{base}-b":
            goes_on.wait(300)
        return opened(self, timeout_s)

    monkeypatch.setattr(Inlet, "open", open_)
    try:
        with Sources(Source(f"{base}-a"), Source(f"{base}-b")), Heard(base) as heard:
            wait_for(lambda: heard.discovery.waiting == 1 and heard.pump.data_streams)
            readiness = Readiness({}, heard.discovery, heard.pump, heard.report)
            readiness.wait(0.0, allow_missing=False, cancelled=lambda: False)
            (text,) = [text for code, text in heard.events if code == "still-connecting"]
            assert text.startswith("after 0 s 1 of 2 streams are connected")
            heard.events.clear()
            goes_on.set()
            readiness.wait(TIMEOUT_S, allow_missing=False, cancelled=lambda: False)
            assert [s.name for s in heard.pump.data_streams] == [f"{base}-a", f"{base}-b"]
            assert "still-connecting" not in {code for code, _ in heard.events}
    finally:
        goes_on.set()


def test_it_says_how_many_streams_fit_and_goes_on() -> None:
    base = unique("many")
    limit = descriptors.SPARE + 2 * descriptors.PER_STREAM
    assert descriptors.fits(limit) == 2
    with Sources(*(Source(f"{base}-{k}") for k in range(4))), Heard(base, limit) as heard:
        wait_for(lambda: "too-many-streams" in {code for code, _ in heard.events})
        wait_for(lambda: len(heard.pump.data_streams) == 2)
        (text,) = [text for code, text in heard.events if code == "too-many-streams"]
        assert text.startswith("2 streams fit")
        assert "ulimit -n" in text
        assert not [s.name for s in heard.pump.data_streams if s.name in text]
        assert heard.discovery._thread.is_alive()


def test_what_is_being_connected_has_its_room_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams come one after the other: the first are still being connected, the last are full."""
    base, goes_on, opened = unique("slow"), threading.Event(), Inlet.open
    asked: list[str] = []

    def open_(self: Inlet, timeout_s: float) -> str:
        asked.append(self.stream.key.name)
        goes_on.wait(300)
        return opened(self, timeout_s)

    monkeypatch.setattr(Inlet, "open", open_)
    limit = descriptors.SPARE + 2 * descriptors.PER_STREAM
    try:
        with Sources(Source(f"{base}-a"), Source(f"{base}-b")), Heard(base, limit) as heard:
            wait_for(lambda: len(asked) == 2, what="the first")
            with Sources(*(Source(f"{base}-{name}") for name in "cdefgh")):
                wait_for(lambda: "too-many-streams" in {code for code, _ in heard.events})
                wait_for(lambda: heard.seen() == 8, what="all of them")
                goes_on.set()
                wait_for(lambda: len(heard.pump.data_streams) == 2)
                assert sorted(asked) == [f"{base}-a", f"{base}-b"]
    finally:
        goes_on.set()


def test_an_outlet_that_hangs_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    base, hangs, opened = unique("hung"), threading.Event(), Inlet.open

    def open_(self: Inlet, timeout_s: float) -> str:
        if "hung-outlet" in self.stream.key.name:
            hangs.wait(300)
            raise RuntimeError("timed out")
        return opened(self, timeout_s)

    monkeypatch.setattr(Inlet, "open", open_)
    hung = [Source(f"{base}-hung-outlet-{k}") for k in range(5)]
    try:
        with Sources(*hung, Source(f"{base}-zz-good")), Heard(base) as heard:
            wait_for(lambda: [s.name for s in heard.pump.data_streams] == [f"{base}-zz-good"])
            assert not hangs.is_set(), "the others still hang"
            hangs.set()
            wait_for(lambda: sum(code == "unreachable" for code, _ in heard.events) == 5)
    finally:
        hangs.set()


def test_a_first_stamp_that_is_no_number_loses_nothing() -> None:
    stamps = 258_000.0 + np.arange(1000) / 250.0
    stamps[0] = math.nan
    counter = LossCounter(250.0)
    later = stamps[-1] + np.arange(1, 20_001) / 250.0  # long enough to be sure
    counter.note(stamps)
    counter.note(later)
    assert sum(loss.lost for loss in counter.judge()) == 0


def test_a_drivers_stamp_that_is_no_number_stays_the_only_one() -> None:
    name = unique("nan")
    spec = StreamSpec(name, "Test", (Channel("a"),), 100.0, "float32")
    outlet = Outlet(spec, "device")
    times = np.array([math.nan, 10.0, math.nan, 10.02])
    assert outlet.push(times, np.zeros((4, 1))).tolist() == [10.0, 10.0, 10.0, 10.02]
    assert outlet.push(np.array([10.03]), np.zeros((1, 1))).tolist() == [10.03]
    assert outlet.bad_stamps == 2
    outlet.close()
