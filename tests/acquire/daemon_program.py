"""The daemon as a program, and clients that talk to it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.acquire.program import TIMEOUT_S, Unisono, unique, wait_for, write_rig
from tests.devices.wire import Wire

RIG = """\
[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 4
rate_hz = 250

[[device]]
name = "{marks}"
driver = "simulated-markers"
"""

CAMERA = """
[[device]]
name = "{face}"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 30
"""


class Daemon(Unisono):
    """A daemon with a simulated rig."""

    def __init__(
        self, folder: Path, *options: str, camera: bool = False, rig: str | None = None
    ) -> None:
        self.folder, self.data_dir = folder, folder / "data"
        self.eeg, self.marks, self.face = unique("eeg"), unique("marks"), unique("face")
        text = rig if rig is not None else RIG + (CAMERA if camera else "")
        path = write_rig(folder, text.format(eeg=self.eeg, marks=self.marks, face=self.face))
        arguments = ("--port", "0", "--rcs-port", "0", "--data-dir")
        super().__init__("daemon", path, *arguments, self.data_dir, *options, folder=folder)
        self.http: httpx.Client
        self.wire: Wire  # the far end of its rig's serial sensor, where it has one

    def __enter__(self) -> Daemon:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if hasattr(self, "http"):  # a test that failed must not leave its socket to the next one
            self.http.close()
        super().__exit__(kind, error, trace)

    def ready(self, token: str | None = None) -> Daemon:
        """Wait until it serves."""
        wait_for(lambda: self.url or self.process.poll() is not None, what="ready line")
        assert self.url, self.stderr
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=self.url, timeout=TIMEOUT_S, headers=headers)
        return self

    def idle(self, token: str | None = None) -> Daemon:
        """Wait until the rig runs."""
        self.ready(token)
        wait_for(lambda: self.get("status")["state"] == "idle", what="idle")
        # A daemon is idle without what is late: on a busy machine a device is, now and then.
        wait_for(lambda: all(d["state"] == "running" for d in self.get("devices")), what="rig")
        wait_for(lambda: not any("of device" in m for m in self.get("status")["missing"]))
        return self

    @property
    def url(self) -> str:
        return self._said("ready ")

    @property
    def rcs_port(self) -> int:
        return int(self._said("rcs ").rpartition(":")[2])

    def _said(self, prefix: str) -> str:
        lines = [x for x in self.stderr.splitlines(keepends=True) if x.startswith(prefix)]
        return lines[0][len(prefix) :].rstrip("\n") if lines and lines[0][-1] == "\n" else ""

    def get(self, path: str) -> Any:
        answer = self.http.get(f"/api/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.http.post(f"/api/{path}", json={} if body is None else body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def stream(self, name: str) -> dict[str, Any]:
        """What the status says of a stream."""
        found: dict[str, Any] = next(s for s in self.get("streams") if s["name"] == name)
        return found

    def wait_for_samples(self, name: str, more: int = 100) -> None:
        """Wait until so many more samples have come."""
        wait_for(lambda: any(s["name"] == name for s in self.get("streams")), what=name)
        before = self.stream(name)["samples"]
        wait_for(lambda: self.stream(name)["samples"] >= before + more, what=f"{name} samples")

    def end(self) -> None:
        """Have it end, as systemd does."""
        self.http.close()
        self.process.terminate()
        result = self.wait()
        assert result.code == 0, result.stderr


class Remote:
    """A client of the RCS port, as an experiment's script is."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close_writing(self) -> None:
        """Say that no more comes."""
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self) -> str:
        return self._file.readline().decode().rstrip("\n")

    def ask(self, line: str) -> str:
        self.send(line.encode() + b"\n")
        return self.answer()


@contextlib.contextmanager
def running(folder: Path, *options: str, camera: bool = False) -> Iterator[Daemon]:
    """Run a daemon until its rig runs; end it well."""
    with Daemon(folder, *options, camera=camera) as daemon:
        yield daemon.idle()
        daemon.end()
