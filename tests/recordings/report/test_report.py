from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings import layout, palette
from recordings.certificate import MAX_PAIRS, Report
from recordings.check.examination import check, examine
from recordings.manifest import Manifest, State
from recordings.report import drawing, plots
from recordings.report.html import check_and_report, render
from recordings.report.methods import methods_text, milliseconds
from recordings.report.plots import Row, Span, Trace
from recordings.xdf import chunks
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.xdf.test_chunks import GOLDEN
from tests.recordings.xdf_samples import header_xml, write

VOID = frozenset({"meta", "link", "br"})


class Checker(HTMLParser):
    """Collects links, and whether tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [v or "" for k, v in attrs if k in ("href", "src", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return make_session(folder, Plan(eeg_gap=(4, 5), lost_frames=(30, 31)))


def test_one_file_that_needs_nothing_else(session: Path) -> None:
    report = check_and_report(session)
    text = (session / layout.REPORT_NAME).read_text(encoding="utf-8")
    page = Checker()
    page.feed(text)
    assert page.open == []
    assert "script" not in page.tags
    assert [link for link in page.links if not link.startswith(("#", "data:"))] == []
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    stored = (session / layout.REPORT_JSON_NAME).read_text(encoding="utf-8")
    assert Report.model_validate_json(stored) == report
    assert not list(session.glob("*.part"))


def test_it_shows_what_the_report_says(session: Path) -> None:
    report = check_and_report(session)
    text = (session / layout.REPORT_NAME).read_text(encoding="utf-8")
    assert "▲ WARN" in text
    assert text.index("WARN</div>") < text.index("bound") < text.index("The session")
    for pair in report.pairs:
        assert f"± {milliseconds(pair.axes_ms)} ms" in text
        assert f"± {milliseconds(pair.resolution_ms)} ms" in text
    for finding in report.findings:
        assert finding.text in text.replace("&#39;", "'")
    assert len(re.findall('class="gap"', text)) == 2  # one of the EEG, one of the camera
    assert re.search(r"999 lost, 1\.00\d s</title>|1,00\d lost, 1\.00\d s</title>", text)
    assert "2 frames not stored" in text


def test_a_bare_file_gets_no_side_files(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(GOLDEN.read_bytes())
    check_and_report(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_session_that_never_ended_is_shown(session: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    xdf = (session / layout.XDF_NAME).read_bytes()
    (folder / layout.XDF_NAME).write_bytes(xdf[: len(xdf) // 2])
    manifest = Manifest.load(session)
    dead = {"state": State.RECORDING, "lsl_stop": None, "videos": (), "files": (), "events": ()}
    manifest.model_copy(update=dead).save(folder)
    check_and_report(folder)
    assert "✖ FAIL" in (folder / layout.REPORT_NAME).read_text(encoding="utf-8")


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["clock_resets.xdf", "empty_streams.xdf", "minimal.xdf"])
def test_any_xdf_file_can_be_drawn(name: str, sample_data: Path) -> None:
    examination = examine(sample_data / name)
    page = Checker()
    page.feed(render(examination))
    assert page.open == []
    examination.close()


def test_names_from_files_are_escaped_and_nan_is_drawn(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    stamps = np.arange(0, 40, 0.1)
    data = np.full((400, 1), np.nan, np.float32)
    parts = [
        chunks.stream_header(1, header_xml(evil, rate_hz=10, labels=[evil])),
        chunks.stream_header(2, header_xml("marks", "Markers", format_="string")),
        chunks.samples(1, stamps, data),
        chunks.string_samples(2, np.array([20.0]), [[evil]]),
    ]
    examination = examine(write(tmp_path / "a.xdf", parts))
    assert "<script" not in render(examination)
    examination.close()


def test_another_programs_video_frames_are_a_stream_like_any(tmp_path: Path) -> None:
    parts = [
        chunks.stream_header(1, header_xml("cam", "VideoFrames", 1, 10.0)),
        chunks.samples(1, np.arange(0, 4, 0.1), np.zeros((40, 1), np.float32)),
    ]
    examination = examine(write(tmp_path / "a.xdf", parts))
    assert "cam" in render(examination)
    examination.close()


def test_many_streams_stay_readable(tmp_path: Path) -> None:
    parts: list[bytes] = []
    for n in range(1, 31):
        parts.append(chunks.stream_header(n, header_xml(f"s{n}", rate_hz=10.0 * n)))
        parts.append(chunks.samples(n, np.arange(40) / (10 * n), np.zeros((40, 1), np.float32)))
    examination = examine(write(tmp_path / "a.xdf", parts))
    text = render(examination)
    assert len(examination.report.pairs) == 435
    assert text.count("± ") == 2 * MAX_PAIRS + 1
    assert f"The {MAX_PAIRS} widest of 435 pairs" in text
    examination.close()


def test_methods_say_only_what_was_measured(session: Path) -> None:
    report = check(session)
    text = methods_text(report, Manifest.load(session))
    for part in ("simulated rig", "1000 Hz nominal", "ppm", "1,996 frames", "not measured"):
        assert part in text
    bare = methods_text(report.model_copy(update={"pairs": (), "cameras": ()}), None)
    assert "frames" not in bare
    assert "any two streams" not in bare
    assert json.dumps(text)


def test_milliseconds() -> None:
    shown = [milliseconds(v) for v in (None, 0.0, 0.0123, 9.9994, 12.34, 12345.6)]
    assert shown == ["–", "0", "0.012", "9.999", "12.3", "12,345.6"]


def channel(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((channel(a), channel(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [palette.DARK, palette.LIGHT])
def test_text_can_be_read(tokens: dict[str, str]) -> None:
    for ground in ("ground", "panel"):
        assert contrast(tokens["text"], tokens[ground]) >= 7
        for name in ("muted", "accent", "alive", "warning", "failed"):
            assert contrast(tokens[name], tokens[ground]) >= 4.5


def test_both_schemes_have_the_same_tokens() -> None:
    assert list(palette.DARK) == list(palette.LIGHT)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6))
def test_ticks_are_inside_and_not_too_many(low: float, span: float) -> None:
    ticks = drawing.nice_ticks(low, low + span)
    assert len(ticks) <= 13
    assert all(low - 1e-6 * span - 1e-9 <= t <= low + span * (1 + 1e-6) + 1e-9 for t in ticks)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=500), st.integers(1, 40))
def test_thinning_out_keeps_the_extremes(values: list[float], columns: int) -> None:
    data = np.array(values)
    times, kept = plots.min_max(np.arange(len(data), dtype=float), data, columns)
    assert kept.min() == data.min()
    assert kept.max() == data.max()
    assert len(kept) <= max(2 * columns, 1)
    assert np.all(np.diff(times) > 0)


def test_every_gap_is_seen_and_a_swarm_stays_small() -> None:
    tiny = [Span(100.0, 100.0001)]
    assert 'width="1.5"' in plots.timeline([Row("a", "EEG", Span(0, 3600), tiny)], 3600)
    swarm = [Span(t, t + 0.01) for t in np.arange(0, 3600, 0.05).tolist()]
    ticks = np.arange(0, 3600, 0.05).tolist()
    text = plots.timeline([Row("a", "EEG", Span(0, 3600), swarm, ticks)], 3600)
    assert len(text) < 150_000


def test_what_is_noted_of_a_stretch_is_drawn_where_it_is() -> None:
    note = Span(900.0, 1500.0, "interpolated", "its clock is <interpolated> over 10:00")
    drawn = plots.timeline([Row("a", "EEG", Span(0, 3600), notes=[note])], 3600)
    shape = '<rect class="interpolated"[^>]* x="([0-9.]+)"[^>]* width="([0-9.]+)"'
    ((left, width),) = [(float(x), float(w)) for x, w in re.findall(shape, drawn)]
    bar = plots.WIDTH - 24 - 130
    assert abs(left - (130 + bar / 4)) < 1
    assert abs(width - bar / 6) < 1
    assert "its clock is &lt;interpolated&gt; over 10:00" in drawn


def test_a_long_name_shows_both_its_ends_and_all_of_it_as_a_hint() -> None:
    """Its beginning was cut off at the edge of the page: `kers (Markers) #1`."""
    drawn = plots.timeline([Row("ExpMarkers (Markers) #1", "Markers", Span(0, 3600))], 3600)
    assert ">ExpMar…ers) #1<" in drawn
    assert "<title>ExpMarkers (Markers) #1</title>" in drawn


def test_plots_take_degenerate_data() -> None:
    flat = Trace("s", "x", "EEG", "µV", np.arange(3.0), np.ones(3))
    assert "<svg" in plots.traces([flat], -1, 2, "event")
    assert "<svg" in plots.histogram(np.full(5, 1.0), 1.0, "ms")
    assert "<svg" in plots.residuals(np.zeros(2), np.zeros(2), 0.0)
    assert "<svg" in plots.timeline([Row("a", "EEG", None)], 0.0)
    assert "<svg" in plots.strip(np.zeros(1), 0.1)
    assert "<svg" in plots.budget([], 0.0)
    assert drawing.clock(3725) == "1:02:05"


@pytest.mark.parametrize("value", [1e30, 1e300, 5e-324, -1e17])
def test_a_trace_without_any_span_is_drawn_in_the_middle(value: float) -> None:
    times = np.arange(50) / 10
    drawn = Trace("a", "b", "EEG", "V", times, np.full(50, value))
    assert "nan" not in plots.traces([drawn], 0.0, 5.0, "onset")


def test_clock_offsets_that_were_in_memory_by_chance_are_in_no_plot(tmp_path: Path) -> None:
    """LabRecorder writes what it finds; a finite one ended the report in a traceback."""
    folder = make_session(tmp_path, Plan(seconds=6.0))
    before = check_and_report(folder)
    with (folder / layout.XDF_NAME).open("ab") as file:
        for pair in ((1e300, 3.0), (4.6e-310, 1e-309), (np.nan, 1.0), (5003.0, np.inf)):
            file.write(chunks.chunk(chunks.Tag.CLOCK_OFFSET, struct.pack("<Idd", 1, *pair)))
    report = check_and_report(folder, hashes=False)
    assert [s.drift_ppm for s in report.streams] == [s.drift_ppm for s in before.streams]
    (found,) = (f for f in report.findings if f.code == "offsets-garbage")
    assert found.text == "4 clock offsets are no numbers; they are left out"
    assert "offsets-sparse" not in {f.code for f in report.findings}
