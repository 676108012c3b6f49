"""`unisono ctl` against real daemons: found, asked, ordered, watched, and refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from acquire.cli.live import engine_client
from acquire.cli.live.ctl import EngineOptions, _event_words, app
from acquire.cli.live.engine_client import EngineClient, EngineGone
from acquire.errors import ConfigError, ControlError
from acquire.server.token import VARIABLE
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import Result, Unisono, load, module_of, unique, unisono, wait_for

TOKEN = "0123456789abcdef"


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # daemons of other tests
    with Daemon(tmp_path) as found:
        yield found.idle()
        found.http.close()


def ctl(folder: Path, *arguments: str | Path) -> Result:
    result = unisono("ctl", *arguments, folder=folder)
    assert "Traceback" not in result.stderr
    return result


def test_a_recording_from_the_shell(daemon: Daemon, tmp_path: Path) -> None:
    wait_for(lambda: ctl(tmp_path, "streams").code == 0)
    refused = ctl(tmp_path, "start", "--participant", "Jane Doe")
    assert refused.error == "error: participant: 'Jane Doe'; use letters and digits alone"
    begun = ctl(tmp_path, "start", "--participant", "07", "--task", "faces", "--json")
    assert begun.code == 0, begun.stderr
    assert "sub-07" in begun.json["session"]
    again = ctl(tmp_path, "start", "--participant", "07")
    assert (again.code, again.stdout.startswith("was recording already")) == (0, True)
    assert ctl(tmp_path, "start", "--participant", "08").code == 1  # it is not hers that runs
    set_ = ctl(tmp_path, "mark", "smile", "--code", "12")
    assert set_.stdout.startswith("smile at ")
    assert "recording for " in ctl(tmp_path, "status").stdout
    assert daemon.eeg in ctl(tmp_path, "devices").stdout
    first = begun.json["session"]
    parted = ctl(tmp_path, "split", "--json")
    assert (parted.code, parted.json["before"]["session"]) == (0, first), parted.stderr
    ended = ctl(tmp_path, "stop", "--verify", "--json")
    assert ended.json["session"] == parted.json["after"]["session"]
    assert ended.json["verdict"] in ("PASS", "WARN")
    assert ended.code == (0 if ended.json["verdict"] == "PASS" else 1)
    assert ctl(tmp_path, "stop").stdout.startswith("had ended already: complete")
    assert ctl(tmp_path, "status").stdout.startswith("ready\n")  # as the window and the page say
    texts = load(Path(first) / "recording.xdf")["markers"].strings
    assert any("smile" in text for text in texts)
    told = ctl(tmp_path, "events", "--json").stdout.splitlines()
    codes = [json.loads(line)["code"] for line in told]
    assert codes.index("recording-start") < codes.index("recording-split")


def test_no_engine_and_two_engines_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    none = ctl(tmp_path, "status")
    assert (none.code, none.error) == (
        2,
        "error: no engine runs; start one with `unisono daemon RIG.toml`, or say where it is with "
        "--url",
    )
    gone = ctl(tmp_path, "status", "--url", "http://127.0.0.1:9")
    assert gone.code == 2
    assert "no engine answers at http://127.0.0.1:9" in gone.error
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with Daemon(folders[0], rig="") as one, Daemon(folders[1], rig="") as two:
        one.ready()
        two.ready()
        several = ctl(tmp_path, "status")
        assert several.code == 2
        assert one.url in several.error
        assert two.url in several.error
        by_folder = ctl(tmp_path, "status", "--data-dir", two.data_dir, "--json")
        assert by_folder.json["state"] in ("idle", "opening")
        one.http.close()
        two.http.close()
    wait_for(lambda: ctl(tmp_path, "status").error == none.error)  # killed: their files are stale


def test_without_the_token_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "token"
    file.write_text(TOKEN)
    with Daemon(tmp_path, "--token-file", str(file), rig="") as daemon:
        daemon.ready(TOKEN)
        refused = ctl(tmp_path, "status")
        assert refused.code == 2
        assert "wants a token; name its file with --token-file" in refused.error
        assert ctl(tmp_path, "devices", "--token-file", file).code == 0
        other = tmp_path / "other"
        other.write_text(TOKEN[::-1])
        refused = ctl(tmp_path, "status", "--token-file", other)
        assert refused.code == 2
        assert "refuses this token; name the file that its engine was started with" in refused.error
        daemon.http.close()


@pytest.mark.parametrize("token", ["ключ", "abc\r\nX-Other: 1", "x" * 100_000, "a b"])
def test_a_file_that_holds_no_token_is_named(tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    with pytest.raises(ConfigError, match="token: holds no token: one line"):
        EngineClient("http://127.0.0.1:9", None, file)


def test_following_says_that_the_engine_is_gone_and_finds_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Daemon(tmp_path, rig="") as first:
        first.ready()
        with Unisono("ctl", "events", "--follow", "--json", folder=tmp_path) as following:
            wait_for(lambda: f"listening to {first.url}" in following.stderr)
            first.process.kill()
            first.process.wait()
            wait_for(lambda: "it is waited for" in following.stderr)
            with Daemon(tmp_path, rig="") as second:
                second.ready()
                wait_for(lambda: f"listening to {second.url} again" in following.stderr)
                second.http.close()
        first.http.close()


def test_watch_ends_with_the_trouble_it_waits_for(daemon: Daemon, tmp_path: Path) -> None:
    assert ctl(tmp_path, "start").code == 0
    wrong = ctl(tmp_path, "watch", "--fail-on", "fire")
    assert (wrong.code, "there are lost, silent, disk" in wrong.error) == (2, True)
    with (
        Unisono("ctl", "watch", "--fail-on", "lost", folder=tmp_path) as watching,
        Unisono("ctl", "events", "--follow", "--json", folder=tmp_path) as following,
    ):
        wait_for(lambda: "recording-start" in following.stdout)
        wait_for(lambda: daemon.http.get("/api/status").json()["state"] == "recording")
        watching.wait_for_line(f"listening to {daemon.url}")
        hosts = [p for p in daemon.tree() if module_of(p) == "acquire.host.device_host"]
        hosts[0].kill()
        ended = watching.wait()
        assert ended.code == 1, ended.stderr
        assert "device-died" in ended.stdout or "stream-lost" in ended.stdout  # whichever is first
        wait_for(lambda: "device-died" in following.stdout)
        daemon.process.kill()
        assert following.process.poll() is None  # it waits for the next one
        following.ctrl_c()
        assert following.wait().code == 3


COUNTS_LOSSES = """
from pathlib import Path
from devices.base import Channel, Chunk, Device, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"

    def open(self):
        self.spec = StreamSpec(self.settings.name, "EEG", (Channel("a"),), 10.0, "float32")
        return (self.spec,)

    def read(self):
        told = False
        for time in self.ticks(10.0):
            if time is None:
                yield None
                continue
            lost = 7 if Path({trigger!r}).exists() and not told else 0
            told |= bool(lost)
            yield Chunk.of(self.spec, time, [1.0], lost=lost)

    def close(self):
        pass
"""


def test_watch_ends_with_a_loss_that_is_only_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An amplifier's counter told of it exactly, no event did, and the watch slept on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    trigger = tmp_path / "now"
    (tmp_path / "counts.py").write_text(COUNTS_LOSSES.format(trigger=str(trigger)))
    name = unique("amp")
    rig = f'[rig]\ndriver_dir = "."\n[[device]]\nname = "{name}"\ndriver = "counts"\n'
    with Daemon(tmp_path, rig=rig) as daemon:
        daemon.idle()
        wait_for(lambda: ctl(tmp_path, "start").code == 0)
        with Unisono("ctl", "watch", "--fail-on", "lost", folder=tmp_path) as watching:
            watching.wait_for_line(f"listening to {daemon.url}")
            trigger.touch()
            ended = watching.wait()
        daemon.http.close()
    assert ended.code == 1, ended.stderr
    assert f"lost: {name}: 7 samples lost" in ended.stdout


class Stranger(BaseHTTPRequestHandler):
    """Answers on some port as a program that is no engine does."""

    answers: ClassVar[dict[str, tuple[int, bytes]]] = {
        "object": (200, b"{}"),
        "list": (200, b"[]"),
        "numbers": (200, b"[1, 2]"),
        "null": (200, b"null"),
        "deep": (200, b"[" * 100_000),
        "page": (200, b"<html>"),
        "problem": (422, b'{"text": 5, "remedy": []}'),
        "elsewhere": (302, b""),
    }
    heard: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        _, case, *_ = self.path.split("/")
        self.heard.append(self.headers["Authorization"] if case == "target" else None)
        status, body = self.answers.get(case, (200, b"{}"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://localhost:{self.server.server_port}/target/")  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(body) + 9 * (case == "cut")))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def stranger() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("case", Stranger.answers)
@pytest.mark.parametrize("order", ["status", "events", "streams", "mark x"])
def test_another_program_is_no_engine(case: str, order: str, stranger: str) -> None:
    if (case, order) in (("list", "events"), ("list", "streams")):
        pytest.skip("what an engine says where there is nothing")
    result = CliRunner().invoke(app, [*order.split(), "--url", f"{stranger}/{case}"])
    assert isinstance(result.exception, ControlError), result.exception
    assert stranger in str(result.exception) or case == "problem"


def test_an_answer_that_is_cut_off_is_of_an_engine_that_has_gone(stranger: str) -> None:
    """It was called another program's, and who followed the events did not wait for the next."""
    result = CliRunner().invoke(app, ["status", "--url", f"{stranger}/cut"])
    assert isinstance(result.exception, EngineGone), result.exception


def test_a_token_goes_nowhere_else(stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where a redirection points to, nor to a proxy that the environment names."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    Stranger.heard.clear()
    result = CliRunner().invoke(app, ["status", "--url", f"{stranger}/elsewhere"])
    assert "302" in str(result.exception)
    assert Stranger.heard == [None], "one request, and none at the target"


def test_what_others_sent_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    event = {"time": 1.0, "level": "info", "code": "x", "text": "\x1b[2J" + "y" * 1_000_000}
    EngineOptions().show(event, _event_words)
    EngineOptions().show("\x1b]0;amp\x07\nEEG", lambda name: [name])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert len(said) < 3000
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://[", "http://127.0.0.1:99999", "http://a:b", "http://", "https://:80"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A bracket was a traceback, and port 99999 was asked as 34463."""
    with pytest.raises(ConfigError, match="from 1 to 65535"):
        EngineClient(url, None, None)


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nX: "),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"),
        ("http", b"HTTP/1.1 500 Oh\r\nContent-Length: 60000\r\n\r\n"),
        ("https", b"\x16\x03\x03\x3f\xff"),  # the first bytes of a long record of its handshake
    ],
)
def test_an_answer_that_trickles_for_ever_is_given_up(
    scheme: str, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte began the limit anew; the limit is for the whole."""
    monkeypatch.setattr(engine_client, "LOOK_S", 0.5)
    ended = Event()

    class Trickle(BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(said)
            with contextlib.suppress(OSError):
                while not ended.wait(0.02):
                    self.request.sendall(b" ")

    with ThreadingTCPServer(("127.0.0.1", 0), Trickle) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            client = EngineClient(f"{scheme}://127.0.0.1:{server.server_address[1]}", None, None)
            with pytest.raises(EngineGone, match=r"not there after 0\.5 s"):
                client.get("status")
        finally:
            ended.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("url", ["::1", "[::1]:8765", "http://::1", "http://::1:8765"])
def test_an_ipv6_address_without_brackets_is_shown_one(url: str) -> None:
    result = CliRunner().invoke(app, ["status", "--url", url])
    assert "http://[::1]:8765" in str(result.exception)
