"""Remote control as LabRecorder's clients use it: OK means done."""

from __future__ import annotations

import contextlib
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acquire.errors import ControlError
from acquire.server.rcs import MAX_CLIENTS, MAX_LINE, _names, is_foreign, parse
from acquire.server.rcs_server import NO_END
from recordings.check.examination import check
from recordings.manifest import Manifest
from tests.acquire.daemon_program import Daemon, Remote, running
from tests.acquire.program import load, wait_for


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("rcs")) as found:
        yield found


def test_a_script_for_labrecorder_works_unchanged(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("update") == "OK"
        assert remote.ask("select all") == "OK"
        answer = remote.ask(
            f"filename {{root:{daemon.data_dir}}}{{template:Exp%n_%b.xdf}}{{run:2}}"
            "{participant:P003}{session:S001}{task:MemoryGuidedSaccade}{modality:eeg}"
        )
        assert answer == "OK kept as a note only: modality: eeg, template: Exp%n_%b.xdf"
        assert remote.ask("start") == "OK"
        assert remote.ask("start").startswith("OK already recording ")
        assert float(remote.ask("marker trial 1: go").removeprefix("OK ")) > 0
        state, folder = remote.ask("status").removeprefix("OK ").split(" ", 1)
        assert state == "recording"
        assert Path(folder).name == "sub-P003_ses-S001_task-MemoryGuidedSaccade_run-02"
        daemon.wait_for_samples(daemon.eeg)
        assert remote.ask("stop") == "OK"
        assert remote.ask("stop") == "OK nothing was being recorded"
        streams = load(Path(folder) / "recording.xdf")
        assert [json.loads(s)["text"] for s in streams["markers"].strings] == ["trial 1: go"]
        assert Manifest.load(Path(folder)).notes.endswith("template: Exp%n_%b.xdf")

        # The number was for that recording; the labels stay. A number that is taken records, too.
        for line in ("start", "filename {run:2}{participant:P003}{session:S001}{task:B}", "start"):
            assert remote.ask(line) == "OK"
            if line == "start":
                assert remote.ask("stop") == "OK"
        assert remote.ask("filename {run:2}{participant:P003}{session:S001}{task:B}") == "OK"
        assert remote.ask("start") == "OK"
        assert remote.ask("status").endswith("_task-B_run-03")
        assert remote.ask("stop") == "OK"


def test_the_selection_is_honoured(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        names = json.loads(remote.ask("streams").removeprefix("OK "))
        assert {daemon.eeg, daemon.marks} <= set(names)
        assert remote.ask("select none") == "OK"
        assert remote.ask("start").startswith("ERR no stream is selected")
        assert remote.ask("select nobody").startswith("ERR no stream 'nobody'")
        assert remote.ask('select ["nobody here"]').startswith("ERR no stream 'nobody here'")
        assert remote.ask(f"select {json.dumps([daemon.marks])}") == "OK"
        assert remote.ask("start") == "OK"
        folder = Path(remote.ask("status").split(" ", 2)[2])
        assert remote.ask("stop") == "OK"
        assert daemon.eeg not in load(folder / "recording.xdf")
        assert remote.ask("select all") == "OK"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("EEG Marks", ["EEG", "Marks"]),
        ('["Eye Tracker", "all"]', ["Eye Tracker", "all"]),
        ("[EEG] [1", ["[EEG]", "[1"]),
        ("[1]", ["[1]"]),
    ],
)
def test_names_with_spaces_come_as_a_list(text: str, names: list[str]) -> None:
    assert _names(text) == names


@pytest.mark.parametrize(
    "line",
    [
        "START now",
        "select",
        "marker",
        "filename {participant:../x}",
        "filename {root:/elsewhere}{participant:1}",
        "filename {run:x}",
        "filename {run:-1}",
        "filename {colour:red}",
        "filename participant=1",
    ],
)
def test_what_cannot_be_done_is_an_error(daemon: Daemon, line: str) -> None:
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask(line).startswith("ERR ")
        assert remote.ask("status") == "OK idle"


@pytest.mark.parametrize(
    "first", [b"EHLO here", b"DESCRIBE rtsp://here/film", b"begin", b"USER me", b"\xff\xfe"]
)
def test_who_does_not_begin_with_a_command_is_answered_and_not_obeyed(
    daemon: Daemon, first: bytes
) -> None:
    with Remote(daemon.rcs_port) as remote:
        remote.send(first + b"\r\nstart\r\n")
        assert remote.answer().startswith("ERR unknown command")
        assert remote.answer() == ""  # closed
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("status") == "OK idle"
        assert remote.ask("begin").startswith("ERR unknown command")  # a slip of a script
        assert remote.ask("status") == "OK idle"


def test_line_ends_pieces_and_limits(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        remote.send(b"\r\n\nsta")
        remote.send(b"tus\r\nstreams\nstatus\n")
        assert [remote.answer()[:4] for _ in range(3)] == ["OK i", "OK [", "OK i"]
        remote.send(b"\xff\xfe\n")
        assert remote.answer().startswith("ERR unknown command")
        remote.send(b"x" * (2 * MAX_LINE) + b"\n")
        assert remote.answer() == f"ERR a line is longer than {MAX_LINE} bytes"
    clients = [Remote(daemon.rcs_port) for _ in range(MAX_CLIENTS)]
    assert {client.ask("update") for client in clients} == {"OK"}
    with Remote(daemon.rcs_port) as late:
        assert late.answer() == f"ERR {MAX_CLIENTS} clients are connected; close one"
    for client in clients:
        client.__exit__()

    def works() -> bool:
        with Remote(daemon.rcs_port) as next_one:
            next_one.send(b"status\n")
            return next_one.answer() == "OK idle"

    wait_for(works)


def test_a_line_without_an_end_is_not_run_and_told(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as closing:
        closing.send(b"status\nstart")
        closing.close_writing()
        assert [closing.answer() for _ in range(3)] == ["OK idle", NO_END, ""]
    assert daemon.get("status")["state"] == "idle"


REQUESTS = [
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6\r\n\r\nstart\n",
    b"\r\nPOST /start HTTP/1.0\r\n\r\nstart\n",
    b"post /\nstart\n",
    b"Host: here\r\nstart\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nstart\n",
    b"\x16\x03\x01\x02\x00start\nstart\n",
    b"\x00\x01start\nstart\n",
]


MORE_REQUESTS = [
    b"\xef\xbb\xbfPOST / HTTP/1.1",
    b"POST / HTTP",
    b"post\t/\thttp/1.1",
    b"start / HTTP/1.1",
    b"streams / HTTP/1.1",
    b"POST http://127.0.0.1:22345/ HTTP/1.1",
    b"OPTIONS rtsp://here RTSP/1.0",
    b"INVITE sip:me SIP/2.0",
    b"HTTP/1.1 200 OK",
    b"SSH-2.0-OpenSSH_9.9",
    b'{"command": "start"}',
    b"<start/>",
    b"*1",
]


@pytest.mark.parametrize("line", MORE_REQUESTS)
def test_other_peoples_first_lines_are_foreign(line: bytes) -> None:
    assert is_foreign(line)
    assert is_foreign(line + b"\r")


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_of_a_web_page_is_cut_off_and_nothing_of_it_run(
    daemon: Daemon, request_: bytes
) -> None:
    with Remote(daemon.rcs_port) as page:
        page.send(request_)
        with contextlib.suppress(ConnectionResetError):
            assert page.answer() == ""  # the end, and no answer
    assert daemon.get("status")["state"] == "idle"
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("status") == "OK idle"


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"marker GET / HTTP/1.1",
            b"marker at 10:30 / HTTP/1",
            b"marker a: b",
            b"marker {1} HTTP",
        ),
        *(
            b"filename {task:x}",
            b"status\r",
            b" start",
            b"select EEG HTTP",
            b'select ["Eye Tracker"]',
            b"dance",
            b"",
        ),
    ],
)
def test_what_a_script_says_is_not_foreign(line: bytes) -> None:
    assert not is_foreign(line)


def test_a_web_page_is_told_of(daemon: Daemon) -> None:
    events = [e["event"] for e in daemon.get("events")]
    (told,) = [e for e in events if e["code"] == "rcs-refused"]
    assert "127.0.0.1" in told["text"]


@pytest.mark.parametrize("number", range(5))
def test_a_script_that_closes_at_once_is_obeyed(daemon: Daemon, number: int) -> None:
    task = f"closes{number}"
    with Remote(daemon.rcs_port) as remote:
        remote.send(
            f"update\nselect all\nfilename {{participant:7}}{{task:{task}}}\nstart\n".encode()
        )
    wait_for(lambda: daemon.get("status")["session"], what="the start")
    assert f"_task-{task}_" in daemon.get("status")["session"]
    daemon.post("recording/stop")


def test_after_a_refused_filename_no_start(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("filename {participant:7}{task:good}") == "OK"
        refused = remote.ask("filename {participant:P-002}{task:good}")
        assert refused.startswith("ERR ")
        assert "P-002" in refused
        assert "start is refused until a filename is accepted" in refused
        again = remote.ask("start")
        assert again.startswith("ERR ")
        assert "P-002" in again
        assert daemon.get("status")["state"] == "idle"
        assert remote.ask("filename {participant:P002}{task:good}") == "OK"
        assert remote.ask("start") == "OK"
        assert "sub-P002" in remote.ask("status")
        assert remote.ask("stop") == "OK"


def test_what_a_filename_does_not_name_stays(daemon: Daemon) -> None:
    """A script that names the task of each block alone means the participant that it named once."""
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("filename {participant:P11}{session:02}{task:a}{run:5}") == "OK"
        assert remote.ask("filename {task:b}") == "OK"
        assert remote.ask("start") == "OK"
        assert remote.ask("status").endswith("sub-P11_ses-02_task-b_run-05")
        assert remote.ask("stop") == "OK"
        # Refused with its participant: the next one's blocks must not go to the one before.
        assert remote.ask("filename {participant:P-12}{task:a}").startswith("ERR ")
        assert remote.ask("filename {task:b}").startswith("ERR participant: refused before")
        assert remote.ask("start").startswith("ERR ")
        assert remote.ask("filename {participant:}{task:b}").startswith("ERR participant is empty")
        assert remote.ask("start").startswith("ERR ")
        assert remote.ask("filename {participant:P12}{task:b}") == "OK"
        assert remote.ask("start") == "OK"
        assert remote.ask("status").endswith("sub-P12_ses-02_task-b_run-01")
        assert remote.ask("stop") == "OK"


def test_a_start_that_finds_another_recording_is_no_success(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("filename {participant:P21}{session:01}{task:a}") == "OK"
        assert remote.ask("start") == "OK"
        assert remote.ask("start") == "OK already recording sub-P21_ses-01_task-a_run-01"
        assert remote.ask("filename {participant:P22}{run:3}") == "OK"
        assert remote.ask("start").startswith("ERR already recording sub-P21_ses-01_task-a_run-01")
        assert remote.ask("stop") == "OK"
        assert remote.ask("start") == "OK"
        assert remote.ask("status").endswith("sub-P22_ses-01_task-a_run-03")
        assert remote.ask("stop") == "OK"


def test_a_recording_that_failed_before_its_stop_is_told_with_it(daemon: Daemon) -> None:
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("filename {participant:P23}{session:01}{task:a}") == "OK"
        assert remote.ask("start") == "OK"
        folder = Path(remote.ask("status").removeprefix("OK recording "))
        (folder / "recording.xdf").rename(folder / "moved.xdf")
        wait_for(lambda: daemon.get("status")["state"] == "failed", what="its end")
        assert "is not there any more" in remote.ask("stop")
        assert remote.ask("start") == "OK"
        assert remote.ask("stop") == "OK"


def test_what_is_not_selected_is_said_in_the_session(daemon: Daemon) -> None:
    """A selection stays: the recordings of the next script, or of the window, are of it alone."""
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask(f"select {daemon.marks}") == "OK"
        folder = Path(daemon.post("recording/start", {"task": "selected"})["session"])
        daemon.post("recording/stop", {"verify": True})
        assert remote.ask("select all") == "OK"
    (finding,) = [f for f in check(folder).findings if f.code == "not-selected"]
    assert daemon.eeg in finding.text
    assert daemon.marks not in finding.text


def test_the_example_of_labrecorders_readme_is_answered_in_words(daemon: Daemon) -> None:
    line = (
        r"filename {root:C:\Data\}{template:exp%n\%p_block_%b.xdf}{run:2}{participant:P003}"
        "{session:S001}{task:MemoryGuidedSaccade}"
    )
    with Remote(daemon.rcs_port) as remote:
        answer = remote.ask(line)
        assert answer.startswith("ERR ")
        for words in (str(daemon.data_dir), "C:\\Data\\", "{root:…}", "--data-dir"):
            assert words in answer
        assert remote.ask(line.replace(r"{root:C:\Data\}", "")).startswith("OK kept as a note only")


def test_silent_clients_make_room(daemon: Daemon) -> None:
    silent = [Remote(daemon.rcs_port) for _ in range(MAX_CLIENTS)]
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("status") == "OK idle"
        assert silent[0].answer() == "", "the oldest that has never asked is closed"
        silent[-1].send(b"sta")
        assert silent[-1].answer() == f"{NO_END} within 10 s"
    for client in silent:
        client.__exit__()


WORDS = ["start", "stop", "update", "select", "filename", "status", "streams", "marker", "{", "}"]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=20), max_size=6).map(" ".join))
@example("filename {run:" + "9" * 5000 + "}")
@example("filename {run:²}")
def test_any_line_is_a_command_or_an_error(text: str) -> None:
    try:
        verb = parse(text).verb
    except ControlError:
        return  # an error, and one alone
    assert verb in WORDS


values = st.text(string.ascii_letters + string.digits + r" :\/%._-", max_size=40)


@given(values, values)
def test_filename_keeps_values_and_their_case(root: str, template: str) -> None:
    line = parse(f"filename {{root:{root}}}{{template:{template}}} {{run:07}}")
    assert line.pairs == {"root": root.strip(), "template": template.strip(), "run": "07"}
