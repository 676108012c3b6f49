"""The list of sessions: filled page by page, and what can be done with a session."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from acquire.server.api.models import ContentsInfo
from acquire.server.api.session_models import SessionInfo
from gui.client.system_open import open_here
from gui.sessions import session_table
from gui.sessions.export_command import export_command
from gui.sessions.session_list import SessionList
from gui.sessions.session_pages import FIRST, PAGE
from gui.sessions.session_table import WIDEST
from gui.widgets import theme
from recordings.certificate import Verdict
from recordings.manifest import State
from recordings.manifest_entries import LostFile
from tests.gui.window.statuses import recording_status
from tests.gui.windows import dress, wait_until

pytestmark = pytest.mark.usefixtures("qapp")


def session(number: int, **changes: Any) -> dict[str, Any]:
    row = SessionInfo(
        id=f"study.sub-{number}_ses-01_task-rest_run-01",
        session=f"/data/study/sub-{number}/ses-01/sub-{number}_ses-01_task-rest_run-01",
        state=State.COMPLETE,
        study="study",
        participant=f"{number:05}",
        session_label="01",
        task="rest",
        run=1,
        started_utc="2026-01-01T00:00:00.000000Z",
        seconds=10.0,
        bytes=1000,
        verdict=Verdict.PASS,
        notes="",
        has_report=True,
        problem="",
    )
    return row.model_copy(update=changes).model_dump(mode="json")


class Client:
    """Answers as the engine would, when it is told to."""

    def __init__(self) -> None:
        self.sessions: list[dict[str, Any]] = []
        self.is_connected = True
        self.asked: list[tuple[str, Callable[[Any], None]]] = []
        self.put_to: list[tuple[str, Any]] = []

    def get(
        self, path: str, done: Callable[[Any], None], failed: Callable[[Any], None] | None = None
    ) -> None:
        self.asked.append((path, done))

    def put(self, path: str, body: Any, done: Callable[[Any], None]) -> None:
        self.put_to.append((path, body))

    def post(self, path: str, body: Any, done: Callable[[Any], None]) -> None:
        self.put_to.append((path, body))
        done({"files": 12, "bytes": 3, "left": ["/away: cannot be reached"]})

    def answer(self) -> int:
        """Answer the oldest question; gives how many rows were asked for."""
        path, done = self.asked.pop(0)
        if not urlsplit(path).query:
            done(next(row for row in self.sessions if path == f"sessions/{row['id']}"))
            return 1
        query = {key: int(value[0]) for key, value in parse_qs(urlsplit(path).query).items()}
        done(self.sessions[query["offset"] : query["offset"] + query["limit"]])
        return query["limit"]

    def answer_all(self) -> None:
        while self.asked:
            self.answer()


@pytest.fixture
def shown() -> Iterator[tuple[SessionList, Client]]:
    client = Client()
    found = SessionList(client)  # type: ignore[arg-type]
    found.resize(900, 300)
    found.show()
    wait_until(lambda: client.asked, what="a question")
    yield found, client
    found.close()
    found.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_first_rows_come_first_and_the_rest_in_pages(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(number) for number in range(FIRST + PAGE + 7)]
    assert client.answer() == FIRST
    assert found.table.rowCount() == len(found.rows) == FIRST
    assert found.count.text().endswith("…"), "more come"
    assert client.answer() == PAGE
    client.answer_all()
    assert [row.participant for row in found.rows] == [s["participant"] for s in client.sessions]
    assert found.table.rowCount() == len(client.sessions)
    assert found.count.text().endswith(str(len(client.sessions)))

    # Anew: what has not changed stays, the choice too; what is gone goes.
    found.table.selectRow(2)
    kept = found.table.item(5, 0)
    client.sessions = client.sessions[:60]
    client.sessions[3] = session(3, verdict=Verdict.FAIL)
    found.refresh()
    wait_until(lambda: client.asked, what="a question")
    client.answer_all()
    assert len(found.rows) == found.table.rowCount() == 60
    assert found.table.item(5, 0) is kept
    assert (found.selected, found.table.item(3, 8).text()) == (found.rows[2], "✖ FAIL")  # type: ignore[union-attr]


def test_it_is_asked_for_at_once_and_once_more_however_much_happens(
    shown: tuple[SessionList, Client],
) -> None:
    """It waited 0.3 s first: as long as the first rows may take."""
    found, client = shown
    client.answer_all()
    wait_until(lambda: not found.pages.soon.isActive(), what="quiet")
    client.asked.clear()
    found.refresh()
    found.refresh()  # a tab that is brought to the front tells so twice
    QApplication.processEvents()
    assert len(client.asked) == 1
    assert not found.pages.once_more
    for _ in range(5):
        found.refresh()
    assert len(client.asked) == 1
    wait_until(lambda: len(client.asked) == 2, what="what came meanwhile")
    wait_until(lambda: not found.pages.soon.isActive(), what="quiet")
    assert len(client.asked) == 2


def test_what_is_chosen_stays_chosen_when_a_new_session_moves_it_to_another_page(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(number) for number in range(FIRST + 5)]
    client.answer_all()
    found.table.selectRow(FIRST - 1)
    chosen = found.selected
    assert chosen is not None
    client.sessions.insert(0, session(9999))
    found.refresh()
    wait_until(lambda: client.asked, what="a question")
    client.answer()
    assert found.selected is None, "not another one meanwhile"
    client.answer_all()
    assert found.selected == chosen


def test_of_a_session_that_was_checked_one_row_is_asked_for(
    shown: tuple[SessionList, Client],
) -> None:
    """All of them were, each time: of thousands that are checked the list was never filled."""
    found, client = shown
    client.sessions = [session(number) for number in range(FIRST + 5)]
    client.answer_all()
    kept = found.table.item(0, 0)
    found.table.selectRow(1)
    client.sessions[1] = session(1, verdict=Verdict.FAIL)
    found.read_anew(Path(found.rows[1].session).name)
    assert [path for path, _ in client.asked] == [f"sessions/{found.rows[1].id}"]
    client.answer()
    assert found.table.item(1, 8).text() == "✖ FAIL"  # type: ignore[union-attr]
    assert found.table.item(0, 0) is kept
    assert found.selected is not None
    assert found.selected.verdict is Verdict.FAIL
    # One that comes while pages are under way is read once they are there.
    wait_until(lambda: not found.pages.soon.isActive(), what="quiet")
    found.refresh()
    wait_until(lambda: client.asked, what="a question")
    found.read_anew(Path(found.rows[2].session).name)
    assert len(client.asked) == 1
    client.answer()
    client.answer()
    assert [path for path, _ in client.asked] == [f"sessions/{found.rows[2].id}"]
    client.answer_all()
    # One that is not listed yet: the list.
    wait_until(lambda: not found.pages.soon.isActive(), what="quiet")
    found.read_anew("sub-9_ses-9_task-new_run-01")
    wait_until(lambda: client.asked, what="a question")
    assert client.asked[0][0].startswith("sessions?limit=")


def test_an_answer_to_an_earlier_question_is_let_go_of(shown: tuple[SessionList, Client]) -> None:
    found, client = shown
    client.sessions = [session(number) for number in range(FIRST + 5)]
    client.answer()
    late = client.asked.pop(0)
    found.refresh()
    wait_until(lambda: client.asked, what="a question")
    client.answer()
    late[1]([session(9999)])
    assert "09999" not in [row.participant for row in found.rows]
    client.answer_all()
    assert len(found.rows) == FIRST + 5


def test_marking_needs_a_reason_and_is_seen(shown: tuple[SessionList, Client]) -> None:
    found, client = shown
    client.sessions = [session(1), session(2, unusable="cable fell off")]
    client.answer_all()
    cell = found.table.item(1, 8)
    assert cell is not None
    assert "cable fell off" in cell.text()
    found.table.selectRow(0)
    actions = menu_of(found)
    actions["Mark as not usable…"].trigger()
    QTest.keyClick(found.mark.reason, Qt.Key.Key_Return)
    assert found.mark.isVisible(), "no reason, no mark"
    QTest.keyClicks(found.mark.reason, "slept")
    QTest.keyClick(found.mark.reason, Qt.Key.Key_Return)
    assert client.put_to == [(f"sessions/{found.rows[0].id}/unusable", {"reason": "slept"})]
    assert not found.mark.isVisible()
    found.table.selectRow(1)
    actions = menu_of(found)
    assert not actions["Copy the command for BIDS"].isEnabled()
    actions["Usable again"].trigger()
    assert client.put_to[-1] == (f"sessions/{found.rows[1].id}/unusable", {"reason": ""})


def test_withdrawing_needs_the_pseudonym_and_no_slip_does_it(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(7)]
    client.answer_all()
    found.table.selectRow(0)
    menu_of(found)["Withdraw participant…"].trigger()
    path, done = client.asked.pop()
    assert path == f"sessions/{found.rows[0].id}/withdrawal"
    plan = {"participant": "00007", "sessions": ["/a", "/b"], "exports": [], "unreachable": []}
    done(plan)
    panel = found.withdraw
    assert "/a\n/b" in panel.plan.text()
    assert found.focusWidget() is panel.pseudonym
    QTest.keyClicks(panel.pseudonym, "0007")
    assert not panel.done.isEnabled()
    panel.pseudonym.setText("00007")
    QTest.keyClick(panel.pseudonym, Qt.Key.Key_Return)
    assert client.put_to == [], "Enter does what a slip does"
    QTest.mouseClick(panel.done, Qt.MouseButton.LeftButton)
    assert client.put_to == [(path, {"pseudonym": "00007"})]
    assert "12" in panel.plan.text()
    assert "/away" in panel.plan.text(), "what is left is said"


def test_a_plan_of_many_sessions_leaves_the_buttons_on_the_screen(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(7)]
    client.answer_all()
    found.table.selectRow(0)
    few = [f"/data/study/sub-7/ses-01/run-{number}" for number in range(2)]
    heights = []
    for folders in (few, few * 30):
        menu_of(found)["Withdraw participant…"].trigger()
        _, done = client.asked.pop()
        done({"participant": "7", "sessions": folders, "exports": ["/x"], "unreachable": ["/y"]})
        QApplication.processEvents()
        heights.append(found.minimumSizeHint().height())
    assert heights[1] <= heights[0], "the window would grow beyond the screen"
    assert found.withdraw.told.verticalScrollBar().maximum() > 0
    assert "/y" in found.withdraw.plan.text()


def test_what_is_whole_is_not_repaired(shown: tuple[SessionList, Client]) -> None:
    found, client = shown
    found.same_computer = True
    client.sessions = [session(1), session(2, verdict=Verdict.FAIL), session(3, outdated=True)]
    client.answer_all()
    offered = []
    for row in range(3):
        found.table.selectRow(row)
        offered.append(menu_of(found)["Repair"].isEnabled())
    assert offered == [False, True, True], "a copy would be one session more, in every export"


def test_the_row_of_a_damaged_session_begins_with_what_is_wrong(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    where = "/data/study/sub-1/ses-01/sub-1_ses-01_task-rest_run-01"
    client.sessions = [session(1, verdict=None, problem=f"{where}/session.json: Invalid JSON")]
    client.answer_all()
    item = found.table.item(0, 8)
    assert item is not None
    assert item.text() == "✖ session.json: Invalid JSON"
    assert where in item.toolTip()
    assert item.foreground().color() == theme.colour("failed")


def menu_of(found: SessionList) -> dict[str, Any]:
    found.more.menu().aboutToShow.emit()
    return {action.text(): action for action in found.more.menu().actions()}


def test_the_command_is_one_that_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "my study" / "sub-01" / "ses-01" / "sub-01_ses-01_task-a_run-01"
    words = shlex.split(export_command("edf", folder))
    assert words[:4] == ["unisono", "export", "edf", str(folder)]
    assert words[4:] == ["--to", str(tmp_path / "my study-edf")]


def test_the_only_copy_is_said_and_how_far_the_contents_are_read(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    copied = session(1, copies=("/share/study",), contents_read=True)
    far = session(2, copies=("/share/study",), on_nodes=("cam-pc",))
    lost = LostFile(path="face.nut", node="cam-pc", reason="its <b>disk</b> is broken")
    given_up = session(4, copies=("/share/study",), lost=(lost,))
    client.sessions = [session(0), copied, far, session(3, state=State.RECORDING), given_up]
    found.refresh()
    wait_until(lambda: client.asked)
    client.answer_all()
    assert found.table.item(2, 7).text() == "▲ partly on cam-pc"  # type: ignore[union-attr]
    assert found.table.item(3, 7).text() == ""  # type: ignore[union-attr]
    place = found.table.item(4, 7)
    assert place is not None
    assert place.text() == "✖ lost on cam-pc"
    assert place.foreground().color() == theme.colour("failed")
    assert "face.nut is lost on cam-pc: its &lt;b&gt;disk&lt;/b&gt; is broken" in place.toolTip()
    assert found.table.item(0, 7).text() == "▲ only here"  # type: ignore[union-attr]
    assert found.table.item(1, 7).text() == "● 1 more"  # type: ignore[union-attr]
    assert found.table.item(1, 8).text() == "● PASS, contents read"  # type: ignore[union-attr]
    reading = ContentsInfo(session=found.rows[0].session, read=34, total=100, rests=False)
    status = recording_status().model_copy(update={"contents": reading})
    found.show_status(status)
    assert "34 %" in found.table.item(0, 8).text()  # type: ignore[union-attr]
    resting = reading.model_copy(update={"rests": True})
    found.show_status(status.model_copy(update={"contents": resting}))
    assert "rests" in found.table.item(0, 8).text()  # type: ignore[union-attr]
    found.show_status(status.model_copy(update={"contents": None}))
    wait_until(lambda: client.asked, what="the list, with the new verdict")


def test_cells_have_the_colours_of_the_look(shown: tuple[SessionList, Client]) -> None:
    found, client = shown
    client.sessions = [session(0)]
    found.refresh()
    wait_until(lambda: client.asked)
    client.answer_all()
    for dark in (True, False):
        dress(dark)
        for column, colour in ((7, "warning"), (8, "alive")):
            item = found.table.item(0, column)
            assert item is not None
            assert item.foreground().color() == theme.colour(colour), (dark, column)


def test_a_review_that_cannot_be_opened_says_why(
    shown: tuple[SessionList, Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, client = shown
    client.sessions = [session(1, session=str(tmp_path))]
    client.answer_all()
    found.table.selectRow(0)
    assert not menu_of(found)["Review"].isEnabled(), "the files are at another computer"
    found.same_computer = True
    menu_of(found)["Review"].trigger()
    assert found.job.isVisible()
    assert str(tmp_path) in found.job.text.text()
    opened: list[Path] = []
    monkeypatch.setattr("gui.sessions.session_list.open_review", opened.append)
    menu_of(found)["Review"].trigger()
    assert opened == [tmp_path]


def test_the_verdict_is_seen_in_a_narrow_window(shown: tuple[SessionList, Client]) -> None:
    found, client = shown
    client.sessions = [session(0)]
    found.refresh()
    wait_until(lambda: client.asked)
    client.answer_all()
    theme.apply(QApplication.instance())  # type: ignore[arg-type]  # its cells are wider
    found.resize(510, 200)
    wait_until(lambda: found.table.isColumnHidden(5), what="a narrow list")
    wanted = found.table.fontMetrics().horizontalAdvance("verdict")

    def room() -> int:
        return found.table.viewport().width() - found.table.columnViewportPosition(8)

    wait_until(lambda: room() >= wanted, what="room for the verdict")
    for width in range(520, 900, 20):  # what has a little more room is left out later, not cut
        found.resize(width, 200)
        QApplication.processEvents()
        assert room() >= wanted, width
    found.resize(900, 200)
    wait_until(lambda: not found.table.isColumnHidden(5), what="a wide list")


def test_a_check_that_was_ordered_is_said_until_it_is_done(
    shown: tuple[SessionList, Client],
) -> None:
    """Of a long session nothing was to be seen for minutes, and the button seemed to do nothing."""
    found, client = shown
    client.sessions = [session(0), session(1, verdict=Verdict.WARN)]
    client.answer_all()
    found.table.selectRow(1)
    found.check.click()
    assert client.put_to == [(f"sessions/{found.rows[1].id}/check", {})]
    texts = [found.table.item(row, 8).text() for row in range(2)]  # type: ignore[union-attr]
    assert texts == ["● PASS", "being checked…"]
    found.read_anew(Path(found.rows[1].session).name)
    client.answer_all()
    assert found.table.item(1, 8).text() == "▲ WARN"  # type: ignore[union-attr]


def test_an_empty_list_says_why(
    shown: tuple[SessionList, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(session_table, "paint_empty", lambda view, text: said.append(text))
    found, client = shown
    found.table.grab()
    assert said.pop() == "Nothing has been recorded yet"
    client.sessions = [session(0)]
    client.answer_all()
    said.clear()
    found.table.grab()
    assert said == []
    found.filter.setText("nobody")
    found.table.grab()
    assert said.pop() == "No session has all these words"


def test_a_long_pseudonym_leaves_the_verdict_its_room(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(0, participant="A" * 64, task="B" * 64)]
    client.answer_all()
    found.resize(900, 200)

    def room() -> int:
        return found.table.viewport().width() - found.table.columnViewportPosition(8)

    wait_until(lambda: room() >= 60, what="room for the verdict")
    found.resize(1600, 200)  # the last column takes what is left, however much that is
    wait_until(lambda: found.table.columnWidth(8) > 2 * WIDEST, what="a wide verdict")


def test_what_is_gone_is_not_opened_in_silence(
    shown: tuple[SessionList, Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, client = shown
    found.same_computer = True
    client.sessions = [session(1, session=str(tmp_path / "gone"))]
    client.answer_all()
    found.table.selectRow(0)
    for button in (found.folder, found.report):
        found.job.hide()
        button.click()
        assert found.job.isVisible()
        assert "is not there any more" in found.job.text.text()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    assert "no program that opens" in open_here(tmp_path)


@pytest.mark.parametrize(
    ("verdict", "text", "colour"),
    [
        (Verdict.PASS, "● PASS", "alive"),
        (Verdict.WARN, "▲ WARN", "warning"),
        (Verdict.FAIL, "✖ FAIL", "failed"),
        (Verdict.PENDING, "○ PENDING", "muted"),
    ],
)
def test_each_verdict_has_its_glyph_and_colour(
    shown: tuple[SessionList, Client], verdict: Verdict, text: str, colour: str
) -> None:
    """One of them, PENDING, had a colour that there is not: the list ended at its row."""
    found, client = shown
    client.sessions = [session(1, verdict=verdict), session(2)]
    client.answer_all()
    cell = found.table.item(0, 8)
    assert cell is not None
    assert (cell.text(), cell.foreground().color()) == (text, theme.colour(colour))
    assert found.table.item(1, 8) is not None


def test_a_verdict_on_what_has_changed_since_is_not_shown_as_one(
    shown: tuple[SessionList, Client],
) -> None:
    found, client = shown
    client.sessions = [session(1, verdict=Verdict.PASS, contents_read=True, outdated=True)]
    client.answer_all()
    cell = found.table.item(0, 8)
    assert cell is not None
    assert cell.text() == "▲ PASS, changed since: check again"
    assert cell.foreground().color() == theme.colour("warning")
