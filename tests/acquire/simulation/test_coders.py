"""Simulated coders err as they are said to, and their files are those of any coder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquire.errors import ConfigError
from acquire.simulation.coders import BLINK_TAKEN, MISSED, OTHER_UNIT, coded, name_of
from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, check_order, write_study
from devices.simulation.world import Movement, World
from recordings import open_session
from recordings.annotation.agreement.coded_study import read_sessions
from recordings.annotation.agreement.study_agreement import study_agreement
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.frame_times import FrameTimes, frame_times
from recordings.annotation.model import MARKS, Event
from recordings.annotation.scheme import load_scheme, warnings
from recordings.annotation.store import CodingStore
from recordings.read.sessions import session_folders

RATE_HZ, HOURS = 60.0, 3.0
START = 1000.0


@pytest.fixture(scope="module")
def frames() -> FrameTimes:
    count = round(HOURS * 3600 * RATE_HZ)
    numbers = np.arange(count)
    return FrameTimes("face", START + numbers / RATE_HZ, numbers, RATE_HZ)


def of_truth(events: list[Event], truth: tuple[Movement, ...]) -> list[tuple[Event, Movement]]:
    """Pair events with the true movements that they are at, by their apex."""
    apexes = np.array([movement.apex for movement in truth])
    found = []
    for event in events:
        assert event.apex is not None
        nearest = int(np.argmin(np.abs(apexes - event.apex.time)))
        if abs(apexes[nearest] - event.apex.time) < 3 / RATE_HZ:
            found.append((event, truth[nearest]))
    return found


def test_errors_are_as_often_as_they_are_said_to_be(frames: FrameTimes) -> None:
    world = World(5)
    stop = float(frames.times[-1])
    truth = tuple(m for m in world.movements(START, stop) if m.onset >= START and m.offset <= stop)
    events = list(coded(name_of(1), world, frames))
    pairs = [(e, m) for e, m in of_truth(events, truth) if e.units[0].side]
    assert len(pairs) / len(truth) == pytest.approx(1 - MISSED, abs=0.015)
    blinks = len(world.times("blink", START, stop))
    assert (len(events) - len(pairs)) / blinks == pytest.approx(BLINK_TAKEN, abs=0.007)
    off: list[float] = []
    for event, movement in pairs:
        for mark in MARKS:
            true = frames.nearest(getattr(movement, mark)).frame
            off.append(event.marks[mark].frame - true)
        assert event.units[0].side == movement.side[0].upper()
        assert event.units[0].intensity == "ABC"[round(movement.amplitude_px) - 1]
    sizes = np.abs(off)
    assert sizes.max() == 2
    assert [np.mean(sizes == n) for n in (0, 1, 2)] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)
    assert np.mean(off) == pytest.approx(0, abs=0.03)
    usual = {"mouth-corner": 12, "lip": 16, "nose": 9, "lower-lid": 7}
    known = [(e, usual[m.region]) for e, m in pairs if m.region in usual]
    other = np.mean([event.units[0].number != unit for event, unit in known])
    assert other == pytest.approx(OTHER_UNIT, abs=0.02)
    micro = np.mean([m.offset - m.onset < 0.5 for _, m in pairs])
    assert np.mean([e.kind == "micro" for e, _ in pairs]) == pytest.approx(micro, abs=0.01)
    assert sum(len(warnings(event, load_scheme("mmme"))) for event in events) == 0


def test_two_coders_err_each_in_a_way_of_their_own(frames: FrameTimes) -> None:
    world = World(5)
    first, second = (list(coded(name_of(n), world, frames)) for n in (1, 2))
    assert [e.onset for e in first] != [e.onset for e in second]
    assert list(coded(name_of(1), world, frames)) == first


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    order = StudyOrder(
        tmp_path_factory.mktemp("coded"),
        2,
        seconds=20.0,
        film=Film(320, 240, 40.0),
        broken={"02": "damaged"},
        coders=2,
    )
    check_order(order)
    write_study(order)
    return order.folder


def test_files_are_whole_and_open_like_those_of_any_coder(study: Path) -> None:
    session, broken = session_folders(study)
    assert not annotations_folder(broken).exists()  # nobody codes what cannot be opened
    with open_session(session) as opened:
        frames = frame_times(opened.cameras["face"])
        start = opened.start
    names = {path.name for path in annotations_folder(session).iterdir()}
    assert names == {"simulated1.json", "simulated2.json"}
    with CodingStore(annotations_folder(session), Who("simulated1")) as store:
        (looked,) = store.coding.looked.values()
        assert (looked.first, looked.last) == (0, len(frames) - 1)
        assert store.scheme == "mmme"
        assert store.coding.events
        for event in store.coding.events.values():
            assert event.onset is not None
            assert event.onset == frames.moment(event.onset.frame)
            assert event.onset.time >= start
        before = store.coding
        assert store.undo()
        assert not store.coding.looked
        assert store.redo()
        assert store.coding == before


def test_their_agreement_is_measured(study: Path) -> None:
    sessions, problems = read_sessions(session_folders(study)[:1])
    assert problems == []
    whole, one = study_agreement(sessions).pairs
    assert (whole.first, whole.second) == ("simulated1", "simulated2")
    assert one.agreement.frames == pytest.approx(800, abs=1)
    assert whole.agreement.by_interval.f1 is not None


@pytest.mark.parametrize(
    ("coders", "film", "said"),
    [(2, None, "coders look at a video"), (-1, Film(), "--coders -1"), (99, Film(), "0 to 20")],
)
def test_coders_that_cannot_be_are_refused(
    tmp_path: Path, coders: int, film: Film | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        check_order(StudyOrder(tmp_path, 1, film=film, coders=coders))
