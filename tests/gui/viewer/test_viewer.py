"""The live viewer on real outlets, well-behaved and otherwise."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pylsl
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from acquire.lsl.streams import StreamKey
from gui.plots.canvas import Group
from gui.plots.saving import shown_span
from gui.plots.trace_scales import TraceScales
from gui.plots.traces import Trace, headers, layout, pages, several_amplifiers
from gui.signals.channel_info import ChannelInfo
from gui.signals.display_filter import FilterSettings
from gui.signals.history import History
from gui.signals.live_streams import ShownStream
from gui.viewer.bar import ViewerBar
from gui.viewer.viewer import Viewer
from gui.widgets import theme
from gui.widgets.focus_ring import FocusRing
from tests.acquire.program import unique
from tests.acquire.sources import Source, Sources
from tests.gui.picture_faults import unfocused
from tests.gui.windows import wait_until

pytestmark = pytest.mark.usefixtures("qapp")
BLOCKED_S = 0.5
"""Of the main thread's own time, which nobody else takes; `bench_window` holds all to 0.1 s."""


@contextmanager
def viewing(*names: str) -> Iterator[Viewer]:
    viewer = Viewer(lambda found: found.key.name in names)
    viewer.resize(900, 500)
    viewer.show()
    viewer.live.start()
    try:
        yield viewer
    finally:
        viewer.live.close()
        viewer.close()
        viewer.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def found(viewer: Viewer, name: str) -> ShownStream:
    wait_until(lambda: any(s.key.name == name for s in viewer.signals()), what=name)
    return next(s for s in viewer.signals() if s.key.name == name)


def drawn(viewer: Viewer) -> bool:
    """Whether any trace is in the image."""
    empty = (theme.colour("panel").rgb(), theme.mixed("line", 0.7).rgb())
    return bool(np.count_nonzero(~np.isin(viewer.state.canvas.image, empty)) > 50)


def is_off(viewer: Viewer) -> bool:
    return viewer.state.is_off(viewer.state.traces[0])


class Outlet:
    """An outlet that a test feeds itself."""

    def __init__(
        self, name: str, channels: int = 2, rate: float = 200.0, source_id: str | None = None
    ) -> None:
        info = pylsl.StreamInfo(name, "EEG", channels, rate, "float32", source_id or name)
        self._outlet = pylsl.StreamOutlet(info)
        self.uid = str(self._outlet.get_info().uid())
        self.channels, self.rate = channels, rate
        self.sent = pylsl.local_clock()

    def push(self, value: float | None = None, back_s: float = 0.0) -> bool:
        """Push what is due; gives False, for conditions."""
        now = pylsl.local_clock()
        count = int((now - self.sent) * self.rate)
        if count <= 0:
            return False
        stamps = self.sent + np.arange(1, count + 1) / self.rate
        self.sent = float(stamps[-1])
        rows = np.sin(stamps * 9)[:, None].repeat(self.channels, axis=1)
        if value is not None:
            rows[:, 0] = value
        self._outlet.push_chunk(rows.astype(np.float32), (stamps - back_s).tolist())
        return False

    def push_stamped(self, stamp: float) -> None:
        """Push one sample with this stamp."""
        self._outlet.push_sample([0.0] * self.channels, stamp)


def push_for(outlet: Outlet, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        outlet.push()
        QTest.qWait(20)


def test_a_stream_vanishes_and_returns_with_another_rate() -> None:
    name = unique("eeg")
    with viewing(name) as viewer:
        with Sources(Source(name, "EEG")):
            stream = found(viewer, name)
            wait_until(lambda: drawn(viewer), what="a trace")
        wait_until(lambda: is_off(viewer), what="vanished")
        with Sources(Source(name, "EEG")):
            wait_until(lambda: not is_off(viewer), what="back")
            assert found(viewer, name) is stream, "the same stream goes on"
        wait_until(lambda: is_off(viewer), what="vanished again")
        with Sources(Source(name, "EEG", channels=5, rate_hz=100.0)):
            wait_until(lambda: len(viewer.state.traces) == 5, what="the new channels")
            assert found(viewer, name).found.rate_hz == 100.0
            wait_until(lambda: not is_off(viewer), what="connected")


def test_of_two_streams_of_one_name_only_the_one_that_is_meant_is_shown() -> None:
    name = unique("eeg")
    ours, theirs = Outlet(name), Outlet(name)
    meant: set[str] = set()
    with viewing() as viewer:
        viewer.live._wanted = lambda found: found.uid in meant
        wait_until(
            lambda: len([f for f in viewer.live.others if f.key.name == name]) == 2, what="both"
        )
        meant.add(ours.uid)

        def shown() -> bool:
            ours.push(1.0)
            theirs.push(-1.0)
            stream = next(iter(viewer.live.streams), None)
            history = stream.history if stream is not None else None
            return history is not None and np.isfinite(history.latest)

        wait_until(shown, what="samples")
        (stream,) = viewer.live.streams
        assert stream.found.uid == ours.uid
        assert [f.uid for f in viewer.live.others if f.key.name == name] == [theirs.uid]
        assert stream.history is not None
        with viewer.live.lock:
            _, data = stream.history.newest(1.0, np.array([0]))
        assert set(data[:, 0].tolist()) == {1.0}


def test_the_stream_of_the_next_engine_takes_the_place_of_the_one_before() -> None:
    """Its id is another one: both stood there, and what had been chosen was forgotten."""
    name = unique("eeg")
    outlet = Outlet(name, channels=3)
    meant = {outlet.uid}
    with viewing() as viewer:
        viewer.live._wanted = lambda found: found.uid in meant
        found(viewer, name)
        viewer.choose(found(viewer, name).key, [1])
        del outlet
        wait_until(lambda: is_off(viewer), what="gone")
        assert len(viewer.state.traces) == 1, "what is gone and meant stays in view"
        after = Outlet(name, channels=3, source_id=f"{name} of the next engine")
        meant.clear()
        meant.add(after.uid)
        wait_until(lambda: not is_off(viewer), what="the next one")
        assert [s.found.uid for s in viewer.live.streams] == [after.uid]
        assert [t.channel.index for t in viewer.state.traces] == [1]


def test_channels_and_filters_are_those_of_the_last_time() -> None:
    name = unique("eeg")
    outlet = Outlet(name, channels=6)
    with viewing(name) as viewer:
        bar, told = ViewerBar(viewer), list[str]()
        bar.changed.connect(told.append)
        stream = found(viewer, name)
        viewer.choose(stream.key, (1, 3))
        bar.filters.set(FilterSettings(high_pass_hz=0.5, notch_hz=50.0))
        labels = [t.channel.label for t in viewer.state.traces]
        wait_until(lambda: outlet.push() or all(map(viewer.state.scales.of, viewer.state.traces)))
        bar.common.setChecked(False)
        assert bar.auto.isChecked(), "to share a scale is not to choose one"
        wait_until(lambda: outlet.push() or all(map(viewer.state.scales.of, viewer.state.traces)))
        viewer.zoom(2)
        assert not bar.auto.isChecked(), "it said automatic while a hand had chosen"
        scales = [viewer.state.scales.of(trace) for trace in viewer.state.traces]
        bar.deleteLater()
    with viewing(name) as viewer:  # told at each change: a crash may come at any time
        bar = ViewerBar(viewer)
        bar.restore(told[-1])
        wait_until(lambda: outlet.push() or viewer.state.traces, what="traces")
        assert [t.channel.label for t in viewer.state.traces] == labels
        assert [t.channel.index for t in viewer.state.traces] == [1, 3]
        assert viewer.live.filter == FilterSettings(high_pass_hz=0.5, notch_hz=50.0)
        assert not bar.auto.isChecked()
        assert not bar.common.isChecked()
        wait_until(lambda: outlet.push() or all(map(viewer.state.scales.of, viewer.state.traces)))
        assert [viewer.state.scales.of(trace) for trace in viewer.state.traces] == scales
        for text in ("", "{", '{"channels": {}, "filters": {"high_pass_hz": -1}}'):
            bar.restore(text)
        assert viewer.live.filter == FilterSettings(high_pass_hz=0.5, notch_hz=50.0)
        viewer.choose(viewer.signals()[0].key, (0,))
        assert [t.channel.index for t in viewer.state.traces] == [0], "a choice by hand is newer"
        bar.deleteLater()


def test_a_trace_that_its_row_cannot_show_is_called_off_scale() -> None:
    name = unique("eeg")
    outlet = Outlet(name)

    def trouble(wanted: str) -> bool:
        outlet.push()
        state = viewer.state
        return bool(state.scales.extents) and state.trouble_of(state.traces[0]) == wanted

    with viewing(name) as viewer:
        wait_until(lambda: trouble("") and drawn(viewer), what="a trace")
        viewer.zoom(-4)
        wait_until(lambda: trouble("off scale"), what="off scale")
        assert "off scale" in viewer.state.describe(viewer.state.traces[0])
        viewer.zoom(8)  # further than before: its first samples may not have been its widest
        wait_until(lambda: trouble(""), what="on the scale again")


def test_a_trace_that_leaves_the_picture_at_its_edge_is_called_off_scale() -> None:
    scales, key = TraceScales(), StreamKey("eeg", "EEG", "eeg", "here")
    rows = tuple(Trace(key, ChannelInfo(n, f"C{n}", "EEG", "")) for n in range(3))
    places = layout(rows, 300.0)
    history = History(3, 100.0)
    group = Group(
        history,
        np.arange(3),
        np.array([place.centre for place in places]),
        np.array([place.height for place in places]),
        np.zeros(3, np.uint32),
    )
    low = np.full((40, 3), -0.5)
    scales.look(rows, group, (low, -low))
    assert scales.of(rows[0]) == 2.0

    def off() -> list[bool]:
        return [scales.is_off(t, p, 300.0) for t, p in zip(rows, places, strict=True)]

    assert off() == [False, False, False]
    scales.automatic = False
    # Half a row further down: inside of what the row below lends, and below the picture.
    scales.look(rows, group, (low - 1.2, -low - 1.2))
    assert off() == [False, False, True]
    scales.look(rows, group, (low + 1.2, -low + 1.2))
    assert off() == [True, False, False]


def test_values_that_are_no_numbers_and_stamps_in_the_past() -> None:
    good, bad, past = unique("good"), unique("bad"), unique("past")
    outlets = {name: Outlet(name) for name in (good, bad, past)}
    how: dict[str, dict[str, float]] = {
        good: {},
        bad: {"value": float("nan")},
        past: {"back_s": 3600.0},
    }

    def feed() -> bool:
        for name, outlet in outlets.items():
            outlet.push(**how[name])
        return (
            all(s.history is not None and np.isfinite(s.history.latest) for s in viewer.signals())
            and len(viewer.signals()) == 3
        )

    with viewing(good, bad, past) as viewer:
        wait_until(feed, what="samples of all three")
        wait_until(lambda: feed() and drawn(viewer), what="traces")
        late = found(viewer, past)
        assert late.history is not None
        assert abs(late.history.latest - pylsl.local_clock()) < 60, "shown when it arrives"
        assert late.shift == pytest.approx(3600.0, abs=60)
        viewer.live.filter = FilterSettings(high_pass_hz=1.0)
        wait_until(lambda: feed() and found(viewer, bad).filter is not None, what="filter")
        other = found(viewer, bad)
        assert other.shown is not None
        with viewer.live.lock:
            _, data = other.shown.newest(0.5, np.array([0, 1]))
        assert np.isfinite(data[:, 1]).all(), "one channel's NaN is not another's"


def test_512_channels_and_the_main_thread_goes_on() -> None:
    name = unique("wide")
    with viewing(name) as viewer:
        outlet = Outlet(name, 512, 2000.0)
        wait_until(lambda: outlet.push() or viewer.signals(), what="the stream")
        viewer.choose(viewer.signals()[0].key, range(512))
        blocked, own, end = [], [], time.monotonic() + 2.0
        while time.monotonic() < end or not drawn(viewer):
            outlet.push()
            begun, own_begun = time.monotonic(), time.thread_time()
            QApplication.processEvents()
            blocked.append(time.monotonic() - begun)
            own.append(time.thread_time() - own_begun)
            time.sleep(0.01)
        assert len(viewer.state.traces) == 512
        assert max(own) < BLOCKED_S
        assert np.median(blocked) < BLOCKED_S, "it waits for another thread"


def test_freeze_look_back_cursor_and_scale() -> None:
    name = unique("eeg")
    with viewing(name) as viewer:
        outlet, state = Outlet(name), viewer.state
        canvas, geometry, scales = state.canvas, state.geometry, state.scales
        wait_until(lambda: outlet.push() or viewer.signals(), what="the stream")
        wait_until(lambda: outlet.push() or state.traces, what="a trace")
        wait_until(lambda: outlet.push() or scales.of(state.traces[0]), what="a scale")
        push_for(outlet, 1.0)
        viewer.setFocus()
        QTest.keyClick(viewer, Qt.Key.Key_Space)
        end = canvas.end
        assert end is not None
        push_for(outlet, 0.3)
        assert canvas.end == end, "it holds"
        QTest.mouseMove(viewer, QPoint(geometry.plot.right() - 40, 100))
        at = geometry.time_at(geometry.plot.right() - 40)
        assert at is not None
        value = state.value_at(state.traces[0], at)
        assert value == pytest.approx(np.sin(at * 9), abs=0.15)
        QTest.keyClick(viewer, Qt.Key.Key_Left)
        assert canvas.end == end - round(0.25 * canvas.width)
        QTest.keyClick(viewer, Qt.Key.Key_Space)
        assert canvas.end is None
        before = scales.of(state.traces[0])
        QTest.keyClick(viewer, Qt.Key.Key_Up)
        assert scales.of(state.traces[0]) < before
        assert geometry.trace_at(geometry.plot.top() + 5) == 0
        assert 0 <= geometry.offset_of(canvas.head or 0) < canvas.width


def test_another_size_shows_the_same_time_while_it_is_frozen() -> None:
    """An alarm above it was enough, and an empty plot said nothing."""
    name = unique("eeg")
    with Sources(Source(name, "EEG")), viewing(name) as viewer:
        found(viewer, name)
        wait_until(lambda: drawn(viewer), what="traces")
        viewer.time.set_frozen(True)
        span = shown_span(viewer.state)
        assert span is not None
        for width in (700, 1100, 900):
            viewer.resize(width, 400)
            QApplication.processEvents()
            now = shown_span(viewer.state)
            assert now == pytest.approx(span, abs=3 * viewer.state.canvas.column_s)
        wait_until(lambda: drawn(viewer), what="the same traces")


def test_what_is_under_a_pointer_that_rests_is_told_anew() -> None:
    name = unique("eeg")
    with Sources(Source(name, "EEG")), viewing(name) as viewer:
        found(viewer, name)
        wait_until(lambda: drawn(viewer), what="traces")
        plot = viewer.plot
        QTest.mouseMove(viewer, viewer.rect().center())
        wait_until(plot._value.isVisible, what="a value")
        viewer.resize(700, 500)  # columns are others now

        def told() -> float:
            return float(plot._value.toPlainText().splitlines()[-1].split(" ")[0])

        before = told()
        wait_until(lambda: plot._value.isVisible() and told() != before, what="another moment")
        assert 0 <= told() <= viewer.state.canvas.window_s + 1


def test_markers_are_lines_at_their_time() -> None:
    name, marks = unique("eeg"), unique("marks")
    with viewing(name, marks) as viewer:
        info = pylsl.StreamInfo(marks, "Markers", 1, 0, "string", marks)
        outlet, lines = Outlet(name), pylsl.StreamOutlet(info)
        wait_until(lambda: outlet.push() or len(viewer.live.streams) == 2, what="both streams")
        wait_until(lambda: outlet.push() or lines.have_consumers(), what="its connection")
        stamp = pylsl.local_clock()
        lines.push_sample(["112"], stamp)
        stream = next(s for s in viewer.live.streams if s.history is None)
        wait_until(lambda: outlet.push() or stream.markers, what="the marker")
        at, marker = stream.markers[0]
        assert marker.label == "112"
        assert at == pytest.approx(stamp, abs=0.05)  # a busy computer measures the clock offset so


def test_that_it_has_the_focus_is_seen_while_it_runs_and_not_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = unique("eeg")
    top = QWidget()
    top.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    with Sources(Source(name, "EEG")), viewing(name) as viewer:
        QVBoxLayout(top).addWidget(viewer)
        top.show()
        found(viewer, name)
        wait_until(lambda: drawn(viewer), what="traces")
        assert list(unfocused(top)) == []
        viewer.setFocus()
        for edge in (viewer.rect().topLeft(), viewer.rect().bottomRight()):
            assert viewer.grab().toImage().pixelColor(edge) == theme.colour("accent")
            assert viewer.plot.grab().toImage().pixelColor(edge) == theme.colour("panel")
        monkeypatch.setattr(FocusRing, "show", lambda ring: None)
        assert list(unfocused(top)) == ["focus not seen: Viewer 'Live signals'"]
        viewer.setParent(None)
    top.deleteLater()


def test_many_channels_are_gone_through_page_by_page() -> None:
    name = unique("wide")
    with viewing(name) as viewer:
        outlet, said = Outlet(name, 64), list[str]()
        viewer.said.connect(said.append)
        wait_until(lambda: outlet.push() or viewer.signals(), what="the stream")
        viewer.choose(viewer.signals()[0].key, range(64))
        assert len(viewer.state.traces) == 64
        seen = list[int]()
        for _ in range(4):
            QTest.keyClick(viewer, Qt.Key.Key_PageDown)
            seen += [trace.channel.index for trace in viewer.state.traces]
            if seen[-1] == 63:
                break
        assert seen == list(range(64)), "each channel once, in order"
        assert said[0].startswith("Channels 1 to ")
        assert min(place.height for place in viewer.state.geometry.places) >= 16
        QTest.keyClick(viewer, Qt.Key.Key_PageDown)
        assert viewer.state.traces[-1].channel.index == 63, "there is no page after the last"
        for _ in range(4):
            QTest.keyClick(viewer, Qt.Key.Key_PageUp)
        assert len(viewer.state.traces) == 64


def test_each_of_several_amplifiers_has_a_header_while_there_is_room() -> None:
    keys = [StreamKey(name, "EEG", name, "here") for name in ("amp-1", "amp-2")]
    traces = [Trace(key, ChannelInfo(n, f"C{n}", "EEG", "µV")) for key in keys for n in range(4)]
    places = layout(traces, 400.0, 20.0)
    assert headers(traces, places) == [(10.0, "amp-1"), (210.0, "amp-2")]
    assert places[4].centre - places[4].height / 2 == pytest.approx(220.0)
    assert headers(traces, layout(traces, 60.0, 20.0)) == []
    assert pages(traces, 200.0, 18.0, 20.0) == []
    parts = pages(traces, 120.0, 18.0, 20.0)
    assert [(part.start, part.stop) for part in parts] == [(0, 4), (4, 8)]
    own = traces[parts[1]]
    assert headers(own, layout(own, 120.0, 20.0)) == [(10.0, "amp-2")], "alone on its page, too"
    assert several_amplifiers(traces)
    assert not several_amplifiers(traces[:4])


@pytest.mark.parametrize("stamp", [math.nan, math.inf, -math.inf])
def test_after_a_stamp_that_is_no_number_the_trace_goes_on(stamp: float) -> None:
    """One of them, and nothing of its stream was drawn any more."""
    name = unique("odd")
    outlet = Outlet(name)
    with viewing(name) as viewer:
        wait_until(lambda: outlet.push() or viewer.signals(), what="the stream")
        history = found(viewer, name).history
        assert history is not None
        wait_until(lambda: outlet.push() or math.isfinite(history.latest), what="samples")
        outlet.push_stamped(stamp)
        after = pylsl.local_clock()
        wait_until(lambda: outlet.push() or history.latest > after, what="what came after it")
        assert math.isfinite(history.latest)
