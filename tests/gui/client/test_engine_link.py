"""An engine that was asked whether it still listens, and answers when nobody wants to know."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtNetwork import QNetworkReply

from acquire.server.data_lock import DataLock
from gui.client.client import EngineClient
from gui.client.engine_link import EngineLink
from tests.gui.windows import wait_until

pytestmark = pytest.mark.usefixtures("qapp")


@contextmanager
def hanging(folder: Path) -> Iterator[socket.socket]:
    """An engine that has the data folder, and listens without a word."""
    folder.mkdir()
    with DataLock(folder) as lock, socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        lock.announce(f"http://127.0.0.1:{server.getsockname()[1]}")
        yield server


def open_rig(link: EngineLink, folder: Path, server: socket.socket) -> socket.socket:
    """Open a rig; gives the connection by which its engine is asked."""
    link.open(folder / "rig.toml", "", folder, None)
    asking: list[socket.socket] = []

    def is_asked() -> bool:
        try:
            asking.append(server.accept()[0])
        except BlockingIOError:
            return False
        return True

    wait_until(is_asked, what="a question")
    return asking[0]


def answered(link: EngineLink) -> bool:
    """Whether every question has its answer, or failed."""
    return not link.findChildren(QNetworkReply)


def test_a_window_that_was_closed_starts_no_engine(tmp_path: Path) -> None:
    link = EngineLink(EngineClient(None))
    with hanging(tmp_path / "data") as server, open_rig(link, tmp_path / "data", server):
        link.close(end_engine=True)
    wait_until(lambda: answered(link), what="the end of the question")
    assert link.process is None


def test_of_two_rigs_that_were_opened_the_second_counts(tmp_path: Path) -> None:
    link, attached = EngineLink(EngineClient(None)), list[str]()
    link.attached.connect(attached.append)
    first, second = tmp_path / "first", tmp_path / "second"
    with hanging(first) as slow, hanging(second) as quick:
        url = f"http://127.0.0.1:{quick.getsockname()[1]}"
        with open_rig(link, first, slow), open_rig(link, second, quick) as asking:
            asking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            wait_until(lambda: bool(attached), what="the second engine")
        wait_until(lambda: answered(link), what="the end of the first question")
        link.close(end_engine=True)
    assert (attached, link.process) == ([url], None)
