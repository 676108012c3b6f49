"""The socket of the remote control: every line that came is run, whoever sent it stays or not.

A script sends its lines and closes at once, without reading an answer: its lines are kept as they
come, and run one after the other even when it is gone. What is no client of ours, a request of a
web page above all, is cut off at its first line, and nothing of it is run.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable

from acquire.server.controller import Controller
from acquire.server.rcs import MAX_CLIENTS, MAX_LINE, UNKNOWN, Remote, begins_with_verb, is_foreign
from acquire.serving.loopback import is_loopback

LINE_S = 10.0
"""How long a line may take from its first byte to its end, and a client until its first line."""
NO_END = "ERR the last line is not run: end each with a line feed; none came"
SEND_S = 2.0
"""A client that does not read its answers for so long gets no more of them."""
MAX_WAITING = 256
"""Lines of a client that wait to be run; it is read no further until some are."""
MAX_PER_ADDRESS = 4
"""Clients of one other computer; scripts on this one share `MAX_CLIENTS`."""
TELL_S = 60.0
"""How often, at most, it is told that something else than a client came."""


class RcsServer:
    """Serves lines at one socket, in a thread of its own."""

    def __init__(self, controller: Controller, listener: socket.socket) -> None:
        self._controller = controller
        self._remote = Remote(controller)
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._clients: list[_Client] = []  # oldest first
        self._told = -TELL_S
        self._thread = threading.Thread(target=self._run, name="rcs", daemon=True)

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def close(self) -> None:
        """Drop all clients and stop."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()  # its loop, and with it the sockets, end in it

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._client, sock=self._listener)
        await self._ending.wait()
        server.close()
        tasks = [client.task for client in self._clients]
        for client in list(self._clients):
            client.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _client(self) -> _Client:
        return _Client(self._remote.obey, self._admit, self._tell_of_foreign, self._forget)

    def _admit(self, client: _Client) -> str | None:
        """Take a client in; why not, where there is no room even without those who say nothing."""
        self._clients.append(client)
        others = self._clients[:-1]
        same = [c for c in others if c.address == client.address]
        if not is_loopback(client.address) and len(same) >= MAX_PER_ADDRESS:
            return f"{MAX_PER_ADDRESS} clients of {client.address} are connected; close one"
        if len(others) >= MAX_CLIENTS:
            silent = next((c for c in others if not c.has_asked), None)
            if silent is None:
                return f"{MAX_CLIENTS} clients are connected; close one"
            silent.abort()
            self._forget(silent)
        return None

    def _forget(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.remove(client)

    def _tell_of_foreign(self, client: _Client) -> None:
        if (now := self._loop.time()) - self._told >= TELL_S:
            self._told = now
            text = (
                f"{client.address} sent what is no remote control, such as the request of a web "
                "page: cut off, and nothing of it was run"
            )
            self._controller.report("rcs", "warning", "rcs-refused", text)


class _Client(asyncio.Protocol):
    """One connection: its lines wait in order, and a task runs them."""

    def __init__(
        self,
        obey: Callable[[str], str],
        admit: Callable[[_Client], str | None],
        tell_of_foreign: Callable[[_Client], None],
        forget: Callable[[_Client], None],
    ) -> None:
        self._obey, self._admit = obey, admit
        self._tell_of_foreign, self._forget = tell_of_foreign, forget
        self.has_asked = False
        self.address = ""
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._ended = False  # nothing more is read
        self._last_word = ""  # said after all lines are run
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False  # whether that runs for the line that is awaited
        self._may_write = asyncio.Event()
        self._may_write.set()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self.task = self._loop.create_task(self._work())
        self._wait_for_line()
        if (reason := self._admit(self)) is not None:
            self._end(f"ERR {reason}")

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if any(line.strip() for line in lines):
            self._is_late = False
        for line in lines:
            if is_foreign(line):
                self._cut_off()
                return
            if len(line) > MAX_LINE:
                self._end(f"ERR a line is longer than {MAX_LINE} bytes")
                return
            if line.strip() and not self.has_asked and not begins_with_verb(line):
                # Who does not begin with a command speaks something else: what follows is not run.
                self._end(f"ERR {UNKNOWN}; the first line was none, so this connection is closed")
                return
            if line.strip():
                self.has_asked = True
                self._lines.append(line)
        if is_foreign(self._rest):
            self._cut_off()
        elif len(self._rest) > MAX_LINE:
            self._end(f"ERR a line is longer than {MAX_LINE} bytes")
        self._more.set()
        self._wait_for_line()
        if len(self._lines) >= MAX_WAITING:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._end(NO_END if self._rest.strip() else "")
        return True  # what it sent is run, and answered, first

    def connection_lost(self, error: Exception | None) -> None:
        self._may_write.set()
        self._end()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    # Ends.

    def abort(self) -> None:
        """Drop it, and what it has sent."""
        self._lines.clear()
        self._end()
        self._transport.abort()

    def _cut_off(self) -> None:
        if not self.has_asked:  # the first line says what it is
            self._tell_of_foreign(self)
        self.abort()

    def _end(self, last_word: str = "") -> None:
        if not self._ended:
            self._ended, self._last_word = True, last_word
        self._more.set()
        if self._timer is not None:
            self._timer.cancel()

    def _wait_for_line(self) -> None:
        """Allow a while for a line that has begun, and for the first one; a pause may last."""
        waits = not self._ended and (bool(self._rest) or not self.has_asked)
        if waits and self._is_late:
            return  # its time runs already: a byte now and then gives it no more
        if self._timer is not None:
            self._timer.cancel()
        self._is_late = waits
        self._timer = self._loop.call_later(LINE_S, self._give_up) if waits else None

    def _give_up(self) -> None:
        if self._rest:
            self._end(f"{NO_END} within {LINE_S:g} s")  # what came before it is run all the same
        else:
            self.abort()

    # The lines.

    async def _work(self) -> None:
        try:
            while line := await self._next():
                text = line.decode("utf-8", "backslashreplace")
                await self._say(await asyncio.to_thread(self._obey, text))
            if self._last_word:
                await self._say(self._last_word)
        finally:
            self._transport.close()
            self._forget(self)

    async def _next(self) -> bytes | None:
        while not self._lines:
            if self._ended:
                return None
            self._more.clear()
            await self._more.wait()
        line = self._lines.popleft()
        if not self._lines and not self._ended:
            self._transport.resume_reading()
        return line

    async def _say(self, text: str) -> None:
        """Answer, where somebody listens: who does not read loses answers, never lines."""
        if self._transport.is_closing():
            return
        try:
            await asyncio.wait_for(self._may_write.wait(), SEND_S)
        except TimeoutError:
            self._transport.abort()
        else:
            self._transport.write(text.encode() + b"\n")
