"""Streams of other programs: every format, selected by predicates and by what a rig expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pylsl
import pytest

from recordings.manifest import Manifest
from tests.acquire.program import (
    Loaded,
    Result,
    Unisono,
    load,
    load_all,
    unique,
    unisono,
    wait_for,
    write_rig,
)
from tests.acquire.sources import Source, Sources

FORMATS = ("float32", "float64", "int8", "int16", "int32", "int64")
TEXTS = ["plain", "", "Größe 5 µV", "日本語", "a\nb\t<c>&'\"", "🙂" * 100, "x" * 70_000]
ROWS = 50


def values(dtype: str) -> np.ndarray[Any, Any]:
    """Make samples of 3 channels with the extremes of the format."""
    rng = np.random.default_rng(1)
    if dtype.startswith("float"):
        rows = rng.normal(scale=1e3, size=(ROWS, 3)).astype(dtype)
        rows[0] = (np.finfo(dtype).max, np.finfo(dtype).tiny, -0.0)
        rows[1] = (np.nan, np.inf, -np.inf)
        return rows
    info = np.iinfo(dtype)
    rows = rng.integers(info.min, info.max, (ROWS, 3), dtype=dtype, endpoint=True)
    rows[0] = (info.min, 0, info.max)
    return rows


class Outlets:
    """One outlet of every format, in this process."""

    def __init__(self) -> None:
        self.base = unique("formats")
        self.outlets = {f: self._outlet(f, 3, 100.0) for f in FORMATS}
        self.text = self._outlet("string", 2, 0.0)

    def _outlet(self, dtype: str, channels: int, rate: float) -> pylsl.StreamOutlet:
        name = self.name(dtype)
        kind = "double64" if dtype == "float64" else dtype
        return pylsl.StreamOutlet(pylsl.StreamInfo(name, "Test", channels, rate, kind, name))

    def name(self, dtype: str) -> str:
        return f"{self.base}-{dtype}"


@pytest.fixture
def outlets() -> Outlets:
    return Outlets()


def test_values_of_every_format_come_back_equal(outlets: Outlets, tmp_path: Path) -> None:
    file = tmp_path / "formats.xdf"
    predicates = ("--streams", f"starts-with(name,'{outlets.base}')")
    with Unisono("record", "--xdf", file, *predicates, folder=tmp_path) as program:
        program.wait_for_line()
        wait_for(lambda: all(o.have_consumers() for o in (*outlets.outlets.values(), outlets.text)))
        start = pylsl.local_clock()
        stamps = [start + k / 100 for k in range(ROWS)]
        for dtype, outlet in outlets.outlets.items():
            rows = values(dtype)
            outlet.push_chunk(rows if dtype.startswith("float") else rows.tolist(), stamps)
        for k, text in enumerate(TEXTS):
            outlets.text.push_sample([text, str(k)], start + k)
        wait_for(lambda: pylsl.local_clock() > stamps[-1])
        assert program.stop().code in (0, 1)  # an outlet that pauses may be told of
    streams = load(file)
    assert set(streams) == {outlets.name(f) for f in (*FORMATS, "string")}
    for dtype in FORMATS:
        stream = streams[outlets.name(dtype)]
        assert stream.data.dtype == dtype
        np.testing.assert_array_equal(stream.data, values(dtype))
        np.testing.assert_array_equal(stream.stamps, stamps)
    texts = streams[outlets.name("string")]
    assert texts.data == [[t, str(k)] for k, t in enumerate(TEXTS)]
    np.testing.assert_array_equal(texts.stamps, [start + k for k in range(len(TEXTS))])


def test_a_stream_that_matches_twice_is_recorded_once(tmp_path: Path) -> None:
    name, other = unique("twice"), unique("other")
    with Sources(Source(name, type="Gaze"), Source(other, type="Other")):
        result = unisono(
            *("record", "--streams", f"name='{name}'", "--streams", "type='Gaze'"),
            *("--streams", f"name='{name}' and type='Gaze'", "--seconds", "1", "--no-report"),
            *("--data-dir", tmp_path, "--participant", "01", "--json"),
            folder=tmp_path,
        )
    assert result.code == 0, result.stderr
    assert sorted(s["name"] for s in result.json["streams"]) == [name, "unisono-events"]
    stream = load(result.session / "recording.xdf")[name]
    check_length(result, stream)
    assert np.diff(stream.stamps).min() > 0.5 / 250  # none twice


def check_length(result: Result, stream: Loaded) -> None:
    """Assert that a stream of 250 Hz is as long as its recording, but for its clock offset.

    Of that nothing is true here; a busy machine measures it to milliseconds.
    """
    start, stop = Manifest.load(result.session).interval or (0.0, 0.0)
    off = float(np.abs(stream.clock_values).max())
    assert abs(len(stream.stamps) - 250 * (stop - start)) <= 1 + 250 * off


def test_without_rig_and_predicate_every_stream_is_recorded(tmp_path: Path) -> None:
    name, double = unique("every"), unique("double")
    file = tmp_path / "all.xdf"
    with (
        Sources(Source(name), Source(double, source_id="a")),
        Sources(Source(double, source_id="b", channels=3)),
    ):
        result = unisono(
            "record", "--xdf", file, "--seconds", "1", "--json", folder=tmp_path, cwd=tmp_path
        )
    assert result.code == 0, result.stderr
    assert result.json["file"] == str(file)
    streams = load_all(file)
    assert sorted(s.name for s in streams) == sorted([name, double, double])
    assert {s.data.shape[1] for s in streams if s.name == double} == {2, 3}
    assert len({s.id for s in streams}) == 3
    # A bare file: no check, no report, no manifest beside it.
    assert {p.name for p in tmp_path.iterdir() if p.suffix not in (".out", ".err")} == {"all.xdf"}


def test_a_predicate_that_lsl_does_not_understand_is_refused(tmp_path: Path) -> None:
    result = unisono(
        *("record", "--streams", "name='a", "--data-dir", tmp_path / "d", "--participant", "01"),
        folder=tmp_path,
    )
    assert result.code == 2
    assert "--streams" in result.error
    assert "name='a" in result.error
    assert "type='EEG'" in result.error  # the remedy: an example
    assert "Traceback" not in result.stderr
    assert not list((tmp_path / "d").rglob("*.xdf"))


def test_what_is_missing_is_listed_with_what_is_there(tmp_path: Path) -> None:
    there, gone = unique("there"), unique("gone")
    with Sources(Source(there)):
        result = unisono(
            *("record", "--streams", f"name='{gone}'", "--wait", "1.5", "--participant", "01"),
            *("--data-dir", tmp_path / "d"),
            folder=tmp_path,
        )
    assert result.code == 2
    assert "1.5 s" in result.error
    assert gone in result.error
    assert there in result.error
    assert "--allow-missing" in result.error
    assert not list((tmp_path / "d").rglob("*.xdf"))


def test_no_stream_at_all_is_an_error(tmp_path: Path) -> None:
    result = unisono(
        "record", "--xdf", tmp_path / "a.xdf", "--wait", "1.5", "--seconds", "1", folder=tmp_path
    )
    assert result.code == 2
    assert "no stream at all" in result.error
    assert not (tmp_path / "a.xdf").exists()


EXPECT = """
[[expect]]
name = "{name}"
type = "Gaze"
rate_hz = 250
"""


def record_expected(folder: Path, rig: Path, *more: str) -> tuple[str | Path, ...]:
    """Give the arguments that record a rig of expected streams."""
    return ("record", rig, "--data-dir", folder, "--participant", "01", "--no-report", "--json",
            *more)  # fmt: skip


def test_a_rig_may_only_expect_streams(tmp_path: Path) -> None:
    name = unique("gaze")
    rig = write_rig(tmp_path, EXPECT.format(name=name))
    with Sources(Source(name, type="Gaze"), Source(unique("not-asked-for"))):
        result = unisono(*record_expected(tmp_path, rig, "--seconds", "1"), folder=tmp_path)
    assert result.code == 0, result.stderr
    assert {s["name"] for s in result.json["streams"]} == {name, "unisono-events"}
    check_length(result, load(result.session / "recording.xdf")[name])


def test_an_expected_stream_of_another_rate_is_missing(tmp_path: Path) -> None:
    name = unique("gaze")
    rig = write_rig(tmp_path, EXPECT.format(name=name))
    with Sources(Source(name, type="Gaze", rate_hz=120.0)):
        result = unisono(*record_expected(tmp_path, rig, "--wait", "1.5"), folder=tmp_path)
    assert result.code == 2
    assert f"name='{name}'" in result.error
    assert "250" in result.error
    assert "120 Hz" in result.error  # what was found instead


def test_a_late_stream_joins_the_file(tmp_path: Path) -> None:
    name, first = unique("late"), unique("first")
    rig = write_rig(tmp_path, EXPECT.format(name=name))
    arguments = record_expected(
        tmp_path, rig, "--wait", "1.5", "--allow-missing", "--streams", f"name='{first}'"
    )
    with Sources(Source(first)), Unisono(*arguments, folder=tmp_path) as program:
        program.wait_for_line()
        with Sources(Source(name, type="Gaze")) as late:
            wait_for(lambda: late.ask("listeners") == "1", what="the late stream is recorded")
            file = next(tmp_path.rglob("recording.xdf"))
            wait_for(lambda: name in file.read_bytes().decode("latin-1"))
            size = file.stat().st_size
            wait_for(lambda: file.stat().st_size > size + 20_000)
            result = program.stop()
    assert result.code in (0, 1), result.stderr
    streams = load(result.session / "recording.xdf")
    assert set(streams) == {name, first, "unisono-events"}
    stream = streams[name]
    assert len(stream.stamps) > 100
    np.testing.assert_array_equal(np.diff(stream.data[:, 0]), 1)
    assert stream.footer_count == len(stream.stamps)
