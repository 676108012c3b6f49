"""Start and stop take effect at once: nothing from before the stop is lost, nothing comes twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pylsl

from acquire.engine.engine import Engine
from acquire.pump.selection import Selection
from acquire.rig.file import no_rig
from recordings.manifest import State
from tests.acquire.program import Loaded, load, unique, wait_for
from tests.acquire.sources import CHUNK_S, Source, Sources

ROUNDS = 20
BEFORE_STOP_S = 0.05
OFFSET_S = 1e-3
"""Files begin and end by stamp + clock offset, and its newest estimate may not be in the file."""
RATES = {"slow": 250.0, "fast": 1000.0}


def off_by(stream: Loaded) -> float:
    """How far off the estimates are of an offset that is none: on a busy machine milliseconds."""
    return OFFSET_S + float(np.abs(stream.clock_values).max())


def check_counter(stream: Loaded, rate_hz: float) -> None:
    """Assert that a stream of `Sources` has every sample once between its first and its last."""
    numbers = stream.data[:, 0].astype(np.int64)
    np.testing.assert_array_equal(np.diff(numbers), 1)
    np.testing.assert_allclose(np.diff(stream.stamps), 1 / rate_hz, rtol=1e-6)
    assert stream.footer_count == len(numbers)


def test_a_marker_right_before_the_stop_is_in_the_file_every_time(tmp_path: Path) -> None:
    base = unique("start-stop")
    info = pylsl.StreamInfo(f"{base}-markers", "Markers", 1, 0, "string", f"{base}-markers")
    outlet = pylsl.StreamOutlet(info)
    selection = Selection((f"starts-with(name,'{base}')",))
    sources = [Source(f"{base}-{name}", rate_hz=rate) for name, rate in RATES.items()]
    with (
        Sources(*sources),
        Engine(no_rig(), selection, None, publish_events=False) as engine,
    ):
        engine.open(30.0)
        wait_for(lambda: len([s for s in engine.status.streams if s.connected]) == 3)
        wait_for(outlet.have_consumers)
        missed, waited = [], []
        for number in range(ROUNDS):
            path = tmp_path / f"{number}.xdf"
            take = engine.takes.start_file(path)
            pushed = pylsl.local_clock()
            outlet.push_sample([f"marker {number}"], pushed)
            wait_for(lambda end=pushed + BEFORE_STOP_S: pylsl.local_clock() >= end)  # type: ignore[misc]
            stop = pylsl.local_clock()
            outcome = engine.stop()
            assert outcome.state is State.COMPLETE
            start, stopped = take.interval.start, take.interval.stop
            waited.append(stopped - stop)
            streams = load(path)
            markers = streams[f"{base}-markers"]
            if markers.strings != [f"marker {number}"] or markers.stamps.tolist() != [pushed]:
                missed.append(number)
            for name, rate in RATES.items():
                stream = streams[f"{base}-{name}"]
                check_counter(stream, rate)
                off = off_by(stream)
                assert start - off < stream.stamps[0] < start + 1 / rate + off
                assert stopped - 1 / rate - off < stream.stamps[-1] < stopped + off
        assert not missed
        assert min(waited) < CHUNK_S, "at once, but where the computer had something else to do"

        start = engine.takes.start_file(tmp_path / "planned.xdf").interval.start
        engine.stop(start + 1.0)  # a stop in the future ends the file there
        for name, rate in RATES.items():
            stream = load(tmp_path / "planned.xdf")[f"{base}-{name}"]
            check_counter(stream, rate)
            assert abs(len(stream.stamps) - rate) <= 1 + rate * off_by(stream)
