"""Curves from pyramids against the samples themselves, and pyramids kept on the disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.check.examination import check
from recordings.read.session import Session, open_session
from recordings.review import pyramid_store
from recordings.review.pyramid import BIN, FACTOR, LEVELS, PIECE, Pyramid
from recordings.review.pyramid_store import PyramidStore, folders_for, forget_old
from recordings.review.signals import ReviewSignal
from tests.recordings.strip_session import START, Film, make_session

SECONDS = 70.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    film = Film(frames=4, rate_hz=1.0)
    return make_session(tmp_path_factory.mktemp("signals"), film, seconds=SECONDS).folder


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    with open_session(folder) as found:
        yield found


def prepared(session: Session, store: PyramidStore | None = None) -> ReviewSignal:
    signal = ReviewSignal(session["eeg"])
    signal.prepare(store, threading.Event(), lambda: None)
    return signal


@given(
    samples=st.integers(1, 3 * PIECE),
    first=st.floats(0, 1),
    last=st.floats(0, 1),
    level=st.integers(0, LEVELS - 1),
    holes=st.booleans(),
)
def test_each_bin_holds_the_extremes_of_its_samples(
    samples: int, first: float, last: float, level: int, holes: bool
) -> None:
    rng = np.random.default_rng(samples)
    values = rng.normal(size=(samples, 2)).astype(np.float32)
    if holes:
        values[rng.integers(0, samples, samples // 9 + 1), 0] = np.nan
    times = np.arange(samples) / 10.0
    pyramid = Pyramid(samples, 2)
    for at in range(0, samples, PIECE):
        pyramid.add(times[at : at + PIECE], values[at : at + PIECE])
    assert pyramid.is_complete
    low, high = sorted((int(first * samples), int(last * samples)))
    size = BIN * FACTOR**level
    starts, ends = pyramid.window(level, low, high, [1, 0])
    wanted = range(low // size, -(-high // size))
    assert starts.tolist() == [times[n * size] for n in wanted]
    for n, bin_ends in zip(wanted, ends, strict=True):
        part = values[n * size : (n + 1) * size][:, [1, 0]]
        for column in range(2):
            good = part[:, column][~np.isnan(part[:, column])]
            if len(good):
                assert bin_ends[:, column].tolist() == [good.min(), good.max()]
            else:
                assert np.isnan(bin_ends[:, column]).all()


def test_a_spike_of_one_sample_is_seen_from_afar(session: Session) -> None:
    signal = prepared(session)
    times, values = session["eeg"].read()
    for columns in (3, 40, 700):
        curves = signal.curves(START, START + SECONDS, columns, [0, 2])
        assert not curves.is_raw
        assert len(curves.times) <= 2 * FACTOR * columns + 2 * BIN
        assert curves.values.max(axis=0).tolist() == values[:, [0, 2]].max(axis=0).tolist()
        assert curves.values.min(axis=0).tolist() == values[:, [0, 2]].min(axis=0).tolist()
        assert (np.diff(curves.times) >= 0).all()
    assert times[0] == curves.times[0]


def test_a_short_stretch_is_the_samples_and_a_gap_is_not_bridged(session: Session) -> None:
    signal = prepared(session)
    curves = signal.curves(START + 0.9, START + 1.6, 500, [1])
    times, values = session["eeg"].read(START + 0.9, START + 1.6, channels=[1])
    assert curves.is_raw
    inside = (curves.times >= START + 0.9) & (curves.times < START + 1.6)
    assert np.array_equal(curves.values[inside], values)
    broken = np.flatnonzero(~curves.joined[:-1])
    assert len(broken) == 1
    assert curves.times[broken[0]] < START + 1.0 < START + 1.5 < curves.times[broken[0] + 1]
    far = signal.curves(START, START + 30, 900, [1])
    assert (np.diff(far.times)[~far.joined[:-1]] > 0.3).sum() == 1
    assert len(times)


def test_what_is_not_built_yet_is_not_shown(session: Session) -> None:
    signal = ReviewSignal(session["eeg"])
    stop = threading.Event()
    signal.prepare(None, stop, stop.set)  # after the first piece
    assert 0 < signal.pyramid.done < len(signal.stream)
    curves = signal.curves(START, START + SECONDS, 100, [0])
    assert curves.times[-1] < START + 1.5 + PIECE / 1000
    assert np.isfinite(curves.values).all()


def test_a_pyramid_is_found_again_and_no_hash_minds(
    folder: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = check(folder).verdict
    store = PyramidStore(session.recording.path, folders_for(folder, None))
    built = prepared(session, store)
    assert (folder / pyramid_store.FOLDER).is_dir()
    monkeypatch.setattr("recordings.review.signals.pieces", lambda _: pytest.fail("built again"))
    found = prepared(session, PyramidStore(session.recording.path, folders_for(folder, None)))
    for one, two in zip(built.pyramid.levels, found.pyramid.levels, strict=True):
        assert np.array_equal(one.ends[:], two.ends[:])
        assert np.array_equal(one.times, two.times)
    assert check(folder).verdict == before


@pytest.mark.parametrize("damage", ["cut", "other", "said", "grown"])
def test_a_pyramid_that_does_not_fit_is_built_again(tmp_path: Path, damage: str) -> None:
    made = make_session(tmp_path, Film(frames=2), seconds=3.0)
    with open_session(made.folder) as session:
        path = session.recording.path
        folders = folders_for(made.folder, None)
        signal = prepared(session, PyramidStore(path, folders))
        number, samples = session["eeg"].xdf.id, len(session["eeg"])
        assert PyramidStore(path, folders).load(number, samples, 3) is not None
        array = folders[0] / f"stream-{number}-0-ends.npy"
        if damage == "cut":
            array.write_bytes(array.read_bytes()[:100])
        elif damage == "other":
            array.write_bytes(b"no array")
        elif damage == "said":
            (folders[0] / f"stream-{number}.json").write_text('{"version": 99}')
        else:
            samples += 1
        assert PyramidStore(path, folders).load(number, samples, 3) is None
        assert signal.pyramid.is_complete


def test_where_the_session_is_read_only_the_users_cache_keeps_it(tmp_path: Path) -> None:
    made = make_session(tmp_path / "data", Film(frames=2), seconds=3.0)
    (made.folder / pyramid_store.FOLDER).write_text("a file where the folder should be")
    cache = tmp_path / "cache"
    folders = folders_for(made.folder, cache)
    with open_session(made.folder) as session:
        store = PyramidStore(session.recording.path, folders)
        signal = prepared(session, store)
        assert store.keep(99, signal.pyramid) == folders[1]
        nowhere = PyramidStore(session.recording.path, folders[:1])
        assert nowhere.keep(99, signal.pyramid) is None
    assert folders_for(tmp_path / "bare.xdf", cache)[0].parent == cache
    forget_old(cache, now=folders[1].stat().st_mtime + 31 * 86400)
    assert not folders[1].exists()
