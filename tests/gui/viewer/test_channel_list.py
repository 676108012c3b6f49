"""Which channels are shown, and in which order: by hand, by keys, and again the next time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDrag, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTreeWidgetItem

from acquire.lsl.streams import FoundStream, StreamKey
from gui.plots.saving import trace_rows
from gui.signals.channel_info import ChannelInfo
from gui.signals.history import History
from gui.signals.live_streams import ShownStream
from gui.viewer.bar import ViewerBar
from gui.viewer.channel_choice import merged, moved
from gui.viewer.channel_list import ChannelList
from gui.viewer.viewer import Viewer

pytestmark = pytest.mark.usefixtures("qapp")
ALT, CHECKED = Qt.KeyboardModifier.AltModifier, Qt.CheckState.Checked


def stream(name: str, *labels: str, kind: str = "EEG") -> ShownStream:
    key = StreamKey(name, kind, name, "here")
    channels = tuple(ChannelInfo(n, label, kind, "µV") for n, label in enumerate(labels))
    history = History(len(labels), 250.0)
    return ShownStream(
        FoundStream(key, name, len(labels), 250.0, "float32", None),
        channels,
        None,
        history,
        history,
    )


def eeg() -> ShownStream:
    return stream("eeg", "Fp1", "Fp2", "C3", "C4")


def physio() -> ShownStream:
    return stream("physio", "ECG", "EDA", kind="ECG")


def view(viewer: Viewer, *streams: ShownStream) -> None:
    viewer.state.streams = viewer.live.streams = streams
    viewer.rearrange()
    viewer.streams_changed.emit()


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    """A viewer of two streams whose threads never run."""
    made = Viewer(lambda found: True)
    made.resize(900, 500)
    view(made, eeg(), physio())
    yield made
    made.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def listed(viewer: Viewer) -> Iterator[ChannelList]:
    """The list, shown."""
    made = ChannelList(viewer)
    made.resize(280, 400)
    made.show()
    yield made
    made.deleteLater()


def labels(viewer: Viewer) -> list[str]:
    return [trace.channel.label for trace in viewer.state.traces]


def item(listed: ChannelList, text: str) -> QTreeWidgetItem:
    return next(i for i in listed.tree.items() if i.text(0).partition(" (")[0] == text)


def rows(listed: ChannelList) -> list[str]:
    return [i.text(0).partition(" (")[0] for i in listed.tree.items()]


def drop(listed: ChannelList, onto: str, below: bool = False) -> None:
    """Let go of what is dragged upon the upper or lower half of an item."""
    tree = listed.tree
    rect = tree.visualItemRect(item(listed, onto))
    at = rect.bottomLeft() if below else rect.topLeft()
    event = QDropEvent(
        QPointF(at.x() + 30, at.y() + (-2 if below else 2)),
        Qt.DropAction.MoveAction,
        QMimeData(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    tree.dropEvent(event)


def pick(listed: ChannelList, *texts: str) -> None:
    listed.tree.clearSelection()
    listed.tree.setCurrentItem(item(listed, texts[-1]))
    for text in texts:
        item(listed, text).setSelected(True)


@pytest.mark.parametrize(
    ("names", "wished", "found"),
    [
        ("abcd", "", "abcd"),
        ("abcd", "dcba", "dcba"),
        ("abcd", "ca", "cdab"),  # what is new stays behind what it follows
        ("xab", "ba", "xba"),
        ("ab", "bza", "bza"),  # what is not there today keeps its place
        ("aba", "", "ab"),
    ],
)
def test_what_is_wished_comes_first_and_the_rest_stays_where_it_was(
    names: str, wished: str, found: str
) -> None:
    assert "".join(merged(names, wished)) == found


@pytest.mark.parametrize(
    ("picked", "before", "found"),
    [
        ("c", "a", "cabd"),
        ("a", None, "bcda"),
        ("db", "a", "bdac"),
        ("bc", "c", "abcd"),  # before itself: where it is
        ("ab", "d", "cabd"),
    ],
)
def test_what_is_picked_is_put_before_another(picked: str, before: str | None, found: str) -> None:
    assert "".join(moved("abcd", picked, before)) == found


def test_the_traces_follow_the_keys(viewer: Viewer, listed: ChannelList) -> None:
    assert labels(viewer) == ["Fp1", "Fp2", "C3", "C4", "ECG", "EDA"]
    pick(listed, "C4")
    QTest.keyClick(listed.tree, Qt.Key.Key_Up, ALT)
    QTest.keyClick(listed.tree, Qt.Key.Key_Up, ALT)
    assert labels(viewer)[:4] == ["Fp1", "C4", "Fp2", "C3"]
    current = listed.tree.currentItem()
    assert current is not None
    assert current.text(0) == "C4", "it is still the one that the keys move"
    (first, _) = viewer.state.canvas.groups
    assert first.picks.tolist() == [0, 3, 1, 2], "what is drawn in each row"
    centres = [place.centre for place in viewer.state.geometry.places]
    assert first.centre.tolist() == centres[:4] == sorted(centres[:4])
    heading = next(iter(trace_rows(viewer.state)))
    assert [str(cell).split(" ")[0] for cell in heading[2:6]] == [
        "eeg/C4",
        "eeg/Fp2",
        "eeg/C3",
        "physio/ECG",
    ]
    QTest.keyClick(listed.tree, Qt.Key.Key_Down, ALT)
    assert labels(viewer)[:4] == ["Fp1", "Fp2", "C4", "C3"]
    for _ in range(5):
        QTest.keyClick(listed.tree, Qt.Key.Key_Down, ALT)
    assert labels(viewer)[:4] == ["Fp1", "Fp2", "C3", "C4"], "and no further than the end"


def test_several_go_together_and_a_stream_with_all_that_it_has(
    viewer: Viewer, listed: ChannelList
) -> None:
    pick(listed, "Fp1", "C3")
    listed.down.click()
    assert labels(viewer)[:4] == ["Fp2", "C4", "Fp1", "C3"]
    pick(listed, "physio")
    listed.up.click()
    assert labels(viewer) == ["ECG", "EDA", "Fp2", "C4", "Fp1", "C3"]
    assert listed.restore.isEnabled()
    listed.restore.click()
    assert labels(viewer) == ["Fp1", "Fp2", "C3", "C4", "ECG", "EDA"]
    assert not listed.restore.isEnabled()


def test_a_channel_is_dropped_within_its_stream_alone(viewer: Viewer, listed: ChannelList) -> None:
    pick(listed, "C4")
    drop(listed, "Fp2")
    assert labels(viewer)[:4] == ["Fp1", "C4", "Fp2", "C3"]
    pick(listed, "Fp1")
    drop(listed, "C3", below=True)
    assert labels(viewer)[:4] == ["C4", "Fp2", "C3", "Fp1"]
    drop(listed, "eeg")
    assert labels(viewer)[:4] == ["Fp1", "C4", "Fp2", "C3"], "upon its stream: first"
    drop(listed, "ECG")
    assert labels(viewer) == ["Fp1", "C4", "Fp2", "C3", "ECG", "EDA"]
    pick(listed, "physio")
    drop(listed, "eeg")
    assert labels(viewer)[:2] == ["ECG", "EDA"]
    drop(listed, "C3")
    assert labels(viewer)[-2:] == ["ECG", "EDA"], "among another's channels: behind that stream"
    assert rows(listed) == ["eeg", "Fp1", "C4", "Fp2", "C3", "physio", "ECG", "EDA"]


def test_order_and_choice_are_those_of_the_last_time(viewer: Viewer, listed: ChannelList) -> None:
    bar, told = ViewerBar(viewer), list[str]()
    bar.changed.connect(told.append)
    pick(listed, "C4")
    QTest.keyClick(listed.tree, Qt.Key.Key_Up, ALT)
    item(listed, "Fp1").setCheckState(0, Qt.CheckState.Unchecked)
    pick(listed, "physio")
    listed.up.click()
    shown = labels(viewer)
    assert shown == ["ECG", "EDA", "Fp2", "C4", "C3"]
    again = Viewer(lambda found: True)
    again.resize(900, 500)
    next_bar = ViewerBar(again)
    next_bar.restore(told[-1])
    view(again, physio())
    assert labels(again) == ["ECG", "EDA"], "the other one is not there today"
    next_bar.changed.connect(told.append)
    again.choose(again.signals()[0].key, (1,))
    view(again, stream("eeg", "Fp1", "Fp2", "C3", "C4", "Pz"), physio())
    assert labels(again) == ["EDA", "Fp2", "C4", "C3"]
    assert json.loads(told[-1])["channels"]["eeg"] == ["C3", "C4", "Fp2"], "kept while it is gone"
    order = [c.label for c in again.choice.ordered(again.signals()[1])]
    assert order == ["Fp1", "Fp2", "C4", "Pz", "C3"], "what is new, behind what it follows"
    for made in (bar, next_bar, again):
        made.deleteLater()


def test_a_stream_that_comes_is_listed_and_nobody_has_chosen(
    viewer: Viewer, listed: ChannelList
) -> None:
    told: list[int] = []
    viewer.chosen_changed.connect(lambda: told.append(1))
    view(viewer, eeg(), physio(), stream("more", *(str(n) for n in range(64))))
    assert "63" in rows(listed)
    assert not told, "each tick lays all traces out anew"
    assert not viewer.choice.streams
    assert not listed.restore.isEnabled()


def test_what_was_kept_before_there_was_an_order_can_be_read(viewer: Viewer) -> None:
    bar = ViewerBar(viewer)
    bar.restore(json.dumps({"channels": {"eeg": ["C3"]}, "filters": {}}))
    assert labels(viewer) == ["C3", "ECG", "EDA"]
    bar.deleteLater()


def test_the_box_of_a_stream_ticks_what_is_listed(viewer: Viewer, listed: ChannelList) -> None:
    listed.wanted.setText("fp")
    assert item(listed, "C3").isHidden()
    top = item(listed, "eeg")
    assert top.checkState(0) == CHECKED
    top.setCheckState(0, Qt.CheckState.Unchecked)
    assert labels(viewer) == ["C3", "C4", "ECG", "EDA"]
    listed.wanted.setText("")
    assert item(listed, "eeg").checkState(0) == Qt.CheckState.PartiallyChecked
    assert item(listed, "eeg").text(0) == "eeg (2/4)"
    pick(listed, "Fp1", "C4", "Fp2")
    QTest.keyClick(listed.tree, Qt.Key.Key_Space)
    assert labels(viewer)[:4] == ["Fp1", "Fp2", "C3", "C4"]
    listed.wanted.setText("eeg")
    assert not item(listed, "Fp1").isHidden(), "by its kind"
    assert item(listed, "ECG").isHidden()


def test_a_drag_takes_nothing_away(
    viewer: Viewer, listed: ChannelList, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real screen the row was gone after the drop: Qt's own drag removes what has moved."""

    def drag(drag: QDrag, *actions: Qt.DropAction) -> Qt.DropAction:
        assert drag.mimeData().formats()
        drop(listed, "Fp2")
        return Qt.DropAction.MoveAction

    monkeypatch.setattr(QDrag, "exec", drag)
    pick(listed, "C4")
    listed.tree.startDrag(Qt.DropAction.MoveAction)
    assert rows(listed) == ["eeg", "Fp1", "C4", "Fp2", "C3", "physio", "ECG", "EDA"]
