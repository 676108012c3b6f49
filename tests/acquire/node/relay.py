"""A cable between an engine and a node: it can be cut, and says how much has gone through."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
import time
from typing import Self

PIECE = 1 << 14


class Relay:
    """Passes bytes on to a port of this computer.

    `cut`: what is sent then waits, and nobody is told, as with a cable that was pulled; what was
    connected breaks once the cut is over. `delay_s`, `jitter_s`: how much later everything comes
    that is sent either way, and by how much more at most.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._whole = threading.Event()
        self._whole.set()
        self._closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.bytes_up = 0  # from the node
        self.holds = False  # whether the cut has kept anything waiting
        self.mb_per_s: float | None = None
        self.delay_s = self.jitter_s = 0.0
        self.chance = random.Random(0)
        self._accepting = threading.Thread(target=self._accept, name="relay")

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def to(self, port: int) -> None:
        """Lead somewhere else from now on: the node was started again."""
        self._target = port

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._whole.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self._break_all()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Pull the cable."""
        self.holds = False
        self._whole.clear()

    def _wait_whole(self) -> None:
        if not self._whole.is_set():
            self.holds = True
            self._whole.wait()

    def mend(self) -> None:
        """Plug it in again; what was connected has timed out meanwhile."""
        self._break_all()
        self._whole.set()

    def _break_all(self) -> None:
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(ours,), name="relay pair")
            self._threads.append(thread)
            thread.start()

    def _serve(self, ours: socket.socket) -> None:
        self._wait_whole()
        try:
            theirs = socket.create_connection(("127.0.0.1", self._target), 5)
        except OSError:
            ours.close()
            return
        with ours, theirs, selectors.DefaultSelector() as selector:
            with self._lock:
                self._sockets |= {ours, theirs}
            selector.register(ours, selectors.EVENT_READ, False)
            selector.register(theirs, selectors.EVENT_READ, True)
            with contextlib.suppress(OSError):
                while not self._closing.is_set():
                    for key, _ in selector.select(0.2):
                        source, target = (theirs, ours) if key.data else (ours, theirs)
                        if not self._pass_on(source, target, up=key.data):
                            raise OSError
            with self._lock:
                self._sockets -= {ours, theirs}

    def _pass_on(self, source: socket.socket, target: socket.socket, *, up: bool) -> bool:
        data = source.recv(PIECE)
        self._wait_whole()
        if self.delay_s or self.jitter_s:
            time.sleep(self.delay_s + self.chance.uniform(0, self.jitter_s))
        target.sendall(data)
        if up:
            self.bytes_up += len(data)
        if self.mb_per_s is not None:
            time.sleep(len(data) / (self.mb_per_s * 1e6))
        return bool(data)
