"""`unisono node` as a program with a home of its own, and an engine's questions to it."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import acquire
from acquire.node.pairing.known import KnownNode, known_nodes
from acquire.node.pairing.pair import pair
from acquire.node.pairing.pinned import PinnedConnection
from acquire.node.wire.coding import decode, encode
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import (
    ClockReading,
    DeviceRequest,
    Messages,
    NodeInfo,
    Recording,
    Requests,
    RunDevice,
    RunOrder,
)
from acquire.processes.messages import Answer, ArmVideo, HostEvent, Open, StartVideo, StopVideo
from acquire.rig.video import VideoOptions
from tests.acquire.program import TIMEOUT_S, Unisono, unique, wait_for

CAMERA: dict[str, Any] = {"width": 320, "height": 240, "rate_hz": 50}
SESSION = "sub-01_ses-01_task-test_run-01"


class Node(Unisono):
    """A node on loopback; what it trusts lies in `home`, so it may be started again."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        home: Path | None = None,
        data_dir: Path | None = None,
        prefix: tuple[str, ...] = (),
        port: int = 0,
    ) -> None:
        self.folder = folder
        self.data_dir = data_dir or folder / "node-data"
        self.home = home or folder / "node-home"
        arguments = ("node", "--data-dir", self.data_dir, "--port", str(port), "--name", "cam-pc")
        super().__init__(
            *arguments,
            *options,
            folder=folder,
            prefix=(*prefix, "env", f"XDG_CONFIG_HOME={self.home}"),
        )

    def __enter__(self) -> Node:
        return self

    def ready(self) -> Node:
        """Wait until it serves."""
        wait_for(lambda: self.said("ready ") or self.process.poll() is not None, what="ready line")
        assert self.said("ready "), self.stderr
        return self

    def said(self, prefix: str) -> str:
        """Give the rest of the line that begins so, or nothing."""
        lines = [x for x in self.stderr.splitlines(keepends=True) if x.startswith(prefix)]
        return lines[0][len(prefix) :].rstrip("\n") if lines and lines[0][-1] == "\n" else ""

    @property
    def port(self) -> int:
        return int(self.said("ready ").rpartition(":")[2])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def paired(self) -> Asking:
        """Pair with it, and give who asks it from then on."""
        known = pair(self.address, self.said("code "), "engine-pc")
        return Asking(known)

    def end(self) -> int:
        """Press Ctrl-C, and wait."""
        self.ctrl_c()
        return self.wait().code


class Refusal(AssertionError):
    """The node said no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem


class Asking:
    """An engine's side, as plain as can be: each question is a connection of its own."""

    def __init__(self, known: KnownNode, run: str | None = None) -> None:
        self.known = known
        self.run = run or uuid.uuid4().hex
        self.number = 0
        self.after = 0
        self.heard: list[tuple[str, Any]] = []
        self.statuses: dict[str, Any] = {}

    def at(self, address: str) -> Asking:
        """Ask the node where it is now."""
        return Asking(self.known.model_copy(update={"address": address}), self.run)

    def raw(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        connection = PinnedConnection(self.known.address, self.known.fingerprint, TIMEOUT_S)
        try:
            connection.connect()
            auth = {"Authorization": f"Bearer {self.known.token if token is None else token}"}
            connection.request(method, path, body, {**auth, **(headers or {})})
            answer = connection.getresponse()
            told = {key.lower(): value for key, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        status, _, data = self.raw(method, path, body)
        if status >= 300:
            raise Refusal(status, json.loads(data))
        return data

    @property
    def run_path(self) -> str:
        return f"/api/node/runs/{self.run}"

    def info(self) -> NodeInfo:
        return decode(NodeInfo, self.ask("GET", "/api/node"), 1 << 30)

    def clock(self) -> float:
        """Ask what the node's LSL clock shows."""
        return decode(ClockReading, self.ask("GET", "/api/node/clock")).lsl_clock

    def begin(self, *devices: RunDevice, adopt: bool = False, **changes: Any) -> NodeInfo:
        """Begin the run."""
        order = RunOrder(
            engine="engine-pc",
            version=acquire.__version__,
            wire=WIRE,
            lsl_config=Path(os.environ["LSLAPICFG"]).read_text(),
            devices=devices,
        ).model_copy(update=changes)
        path = self.run_path + ("?adopt=true" if adopt else "")
        return decode(NodeInfo, self.ask("PUT", path, encode(order)), 1 << 30)

    def request(self, device: str, body: Any, number: int | None = None) -> int:
        """Send one request; gives its number."""
        if number is None:
            self.number += 1
        sent = number or self.number
        one = DeviceRequest(device=device, number=sent, body=body)
        self.ask("POST", f"{self.run_path}/requests", encode(Requests(requests=(one,))))
        return sent

    def listen(self, wait_s: float = 0.5) -> None:
        """Fetch what came."""
        path = f"{self.run_path}/messages?after={self.after}&wait_s={wait_s}"
        told = decode(Messages, self.ask("GET", path), 1 << 30)
        for item in told.items:
            assert item.n > self.after
            self.after = item.n
            self.heard.append((item.device, item.message))
        self.statuses = told.statuses

    def wait_for(self, wanted: Callable[[str, Any], bool], what: str) -> Any:
        """Listen until something came, then or before."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            for device, message in self.heard:
                if wanted(device, message):
                    return message
            assert time.monotonic() < deadline, f"{what}: not within {TIMEOUT_S:g} s; {self.heard}"
            self.listen()

    def answer(self, device: str, body: Any) -> Any:
        """Ask a device, and wait for its answer."""
        number = self.request(device, body)
        answer: Answer = self.wait_for(
            lambda d, m: d == device and isinstance(m, Answer) and m.number == number,
            f"answer to {body}",
        )
        assert answer.error is None, answer.error
        return answer.value

    def event(self, code: str) -> HostEvent:
        """Wait for an event."""
        event: HostEvent = self.wait_for(
            lambda _, m: isinstance(m, HostEvent) and m.code == code, f"event {code}"
        )
        return event

    def open(self, device: RunDevice) -> None:
        """Open a device, and wait for it."""
        from acquire.processes.messages import Opened

        order = Open(device.driver, device.settings, None, None, VideoOptions(codec="magicyuv"))
        self.answer(device.name, order)
        self.wait_for(lambda d, m: d == device.name and isinstance(m, Opened), "opened")

    def arm(self, device: str, take: int = 1, session: str = SESSION) -> dict[str, Path]:
        paths = {device: Path(session) / device}
        answer: dict[str, Path] = self.answer(device, ArmVideo(take, paths))
        return answer

    def store(self, device: str, take: int = 1, frames: int = 20) -> None:
        """Begin to store, and wait for some frames."""
        self.answer(device, StartVideo(take, self.clock()))

        def stored() -> bool:
            self.listen()
            fates = self.statuses[device].fates.get(device, {}) if self.statuses else {}
            return bool(fates.get("stored", 0) >= frames)

        wait_for(stored, what="frames")

    def record(self, device: RunDevice | None = None, frames: int = 20) -> RunDevice:
        """Begin a run of one device, a camera if none is given, and have it store some frames."""
        device = device or camera()
        self.begin(device)
        self.open(device)
        self.arm(device.name)
        self.store(device.name, frames=frames)
        return device

    def stop(self, device: str, take: int = 1, ago_s: float = 0.0) -> Any:
        return self.answer(device, StopVideo(take, self.clock() - ago_s))

    def recordings(self) -> list[Recording]:
        told = json.loads(self.ask("GET", "/api/node/recordings"))
        return [decode(Recording, json.dumps(one).encode()) for one in told]

    def recording(self, id: str) -> Recording:
        return decode(Recording, self.ask("GET", f"/api/node/recordings/{id}"), 1 << 30)

    def wait_ready(self) -> Recording:
        """Wait until the only recording is hashed."""
        wait_for(lambda: [r.ready for r in self.recordings()] == [True], what="hashes")
        return self.recording(self.recordings()[0].id)

    def release(self, id: str, files: Mapping[str, str]) -> Any:
        body = json.dumps({"files": dict(files)}).encode()
        return json.loads(self.ask("POST", f"/api/node/recordings/{id}/release", body))


def camera(**settings: Any) -> RunDevice:
    """Describe a simulated camera of a name that no other test uses."""
    name = unique("face")
    return RunDevice(
        name=name,
        driver="simulated-camera",
        settings={"name": name, **CAMERA, **settings},
        codec="magicyuv",
    )


def paired_nodes(home: Path) -> list[KnownNode]:
    return known_nodes(home / "unisono")
