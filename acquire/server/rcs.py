"""Remote control over TCP, line-compatible with LabRecorder, plus `status`, `streams`, `marker`.

Unlike there, OK is said when it is done, and ERR with a reason when it is not. LabRecorder knows
`start`, `stop`, `update`, `select all|none` and `filename {key:value}…`:
https://github.com/labstreaminglayer/App-LabRecorder#remote-control
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from acquire.errors import AcquireError, ControlError
from acquire.server.controller import Controller
from acquire.take.folder import Labels
from recordings.errors import RecordingError

MAX_LINE = 4096
MAX_CLIENTS = 16
LINE_S = 10.0
"""How long a line may take from its first byte to its end."""
SEND_S = 2.0
"""A client that does not read its answers for so long is dropped."""

Verb = Literal["start", "stop", "update", "select", "filename", "status", "streams", "marker"]

_PAIR = re.compile(r"\{(\w+):([^{}]*)\}")
_KEYS = ("root", "task", "run", "participant", "session", "acquisition", "modality", "template")
_NO_PLACE = ("acquisition", "modality", "template")


@dataclass(frozen=True, slots=True)
class Line:
    """One command. `pairs` are those of `filename`, values as they were written."""

    verb: Verb
    rest: str = ""
    pairs: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Line:
    """Read one line.

    Raises:
        ControlError: it is no command.
    """
    verb, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "start" | "stop" | "update" | "status" | "streams" as plain:
            if rest:
                raise ControlError(f"{plain} takes nothing after it")
            return Line(plain)
        case "select" | "marker" as word:
            if not rest:
                raise ControlError(f"{word} needs {'a text' if word == 'marker' else 'names'}")
            return Line(word, rest)
        case "filename":
            return Line("filename", rest, _pairs(rest))
    raise ControlError(
        "unknown command; known: start, stop, update, select all|none|NAME…, "
        "filename {key:value}…, status, streams, marker TEXT"
    )


def _pairs(text: str) -> dict[str, str]:
    if _PAIR.sub("", text).strip():
        raise ControlError("filename takes {key:value} pairs alone, without braces in a value")
    pairs = {match[1].lower(): match[2].strip() for match in _PAIR.finditer(text)}
    if unknown := pairs.keys() - set(_KEYS):
        raise ControlError(f"unknown key {sorted(unknown)[0]}; known: {', '.join(_KEYS)}")
    run = pairs.get("run", "1")
    if not (run.isascii() and run.isdecimal() and 1 <= int(run[:9]) <= 9999 and len(run) < 10):
        raise ControlError("run must be a whole number from 1 to 9999")
    return pairs


class Remote:
    """Carries out lines. The labels are everybody's: a script may set them, another one start."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._labels = Labels()
        self._run: int | None = None
        self._notes = ""

    def obey(self, text: str) -> str:
        """Carry out a line; gives the answer, without its line end."""
        try:
            line = parse(text)
            match line.verb:
                case "start":
                    return self._start()
                case "stop":
                    return self._stop()
                case "update":  # the streams are looked for all the time
                    return "OK"
                case "select":
                    return self._select(line.rest)
                case "filename":
                    return self._filename(line.pairs)
                case "status":
                    return self._status()
                case "streams":
                    names = [s.key.name for s in self._controller.engine.status.streams]
                    return "OK " + json.dumps(names, ensure_ascii=False)
                case "marker":
                    return f"OK {self._controller.mark(line.rest):.6f}"
        except (AcquireError, RecordingError) as error:
            return f"ERR {' '.join(str(error).split())}"

    def _start(self) -> str:
        running = self._controller.start(self._labels, self._notes, self._run, next_run=True)
        # Only this recording was meant by the number: the next start takes the next one.
        self._run = None
        return "OK" if running.started else f"OK already recording {running.folder.name}"

    def _stop(self) -> str:
        found = self._controller.stop()
        if found.outcome is not None and found.stopped and found.outcome.error:
            raise RecordingError(found.outcome.error)
        return "OK" if found.stopped else "OK nothing was being recorded"

    def _select(self, names: str) -> str:
        match names:
            case "all":
                self._controller.select(None)
            case "none":
                self._controller.select(())
            case _:
                self._controller.select(names.split())
        return "OK"

    def _filename(self, pairs: dict[str, str]) -> str:
        """Take labels; a template changes nothing: the files of a session have fixed names."""
        given = {key: value for key, value in pairs.items() if value}
        if "root" in given and Path(given["root"]) != self._controller.data_dir:
            raise ControlError(
                f"root is not the data folder {self._controller.data_dir}; "
                "leave root out, or start the daemon with --data-dir"
            )
        names = {k: v for k, v in given.items() if k in ("participant", "session", "task")}
        labels = Labels(**names)
        labels.check()
        self._labels = labels
        self._run = int(given["run"]) if "run" in given else None
        kept = [f"{key}: {given[key]}" for key in _NO_PLACE if key in given]
        self._notes = f"LabRecorder {', '.join(kept)}" if kept else ""
        return f"OK kept as a note only: {', '.join(kept)}" if kept else "OK"

    def _status(self) -> str:
        running = self._controller.running
        folder = f" {running.folder}" if running else ""
        return f"OK {self._controller.state}{folder}"


class RcsServer:
    """Serves lines at one socket, in a thread of its own."""

    def __init__(self, controller: Controller, listener: socket.socket) -> None:
        self._remote = Remote(controller)
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._clients: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="rcs", daemon=True)

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def close(self) -> None:
        """Drop all clients and stop."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._meet, sock=self._listener, limit=MAX_LINE)
        await self._ending.wait()
        server.close()
        for client in list(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._client(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._clients) > MAX_CLIENTS:
                await _answer(writer, f"ERR {MAX_CLIENTS} clients are connected; close one")
                return
            while (line := await _next_line(reader)) is not None:
                text = line.decode("utf-8", "replace")
                if text.strip():
                    await _answer(writer, await asyncio.to_thread(self._remote.obey, text))
        except ValueError:
            with contextlib.suppress(OSError, TimeoutError):
                await _answer(writer, f"ERR a line is longer than {MAX_LINE} bytes")
        except (OSError, TimeoutError):
            pass  # gone, or too slow
        finally:
            writer.transport.abort() if self._ending.is_set() else writer.close()


async def _next_line(reader: asyncio.StreamReader) -> bytes | None:
    """Read a line; silence between lines may last for ever, a line may not. None = the end.

    Raises:
        ValueError: it is too long.
        TimeoutError: it took too long.
    """
    first = await reader.read(1)
    if not first or first == b"\n":
        return first or None
    rest = await asyncio.wait_for(reader.readline(), LINE_S)
    return first + rest if rest.endswith(b"\n") else None


async def _answer(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode() + b"\n")
    await asyncio.wait_for(writer.drain(), SEND_S)
