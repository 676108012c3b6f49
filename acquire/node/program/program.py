"""`unisono node`: one node, from its start to its end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError
from acquire.lsl.config import BUFFER_S
from acquire.node.pairing.code import VALID_S, PairingWindow
from acquire.node.pairing.discovery import announced
from acquire.node.pairing.known import Engines, config_folder, host_name, identity
from acquire.node.program.host import Host
from acquire.node.program.server import build
from acquire.node.wire.models import BLOCK_BYTES
from acquire.processes.idle import leave_the_disk
from acquire.rig.node import NODE_PORT
from acquire.serving.http_server import HttpServer, bind
from acquire.serving.loopback import is_loopback
from recordings.disk import synced

POLL_S: Final = 1.0
READERS: Final = 2
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class NodeOrder:
    """What `node` is asked for."""

    data_dir: Path
    name: str
    host: str | None = None  # None: everywhere, once it is paired or is being paired
    port: int = NODE_PORT
    pair: bool = False
    announce: tuple[str, ...] = ()  # the interfaces on which it is to be found
    block_bytes: int = BLOCK_BYTES
    buffer_s: int = BUFFER_S  # what outlets keep for an engine that is cut off


def listening_host(order: NodeOrder, *, is_paired: bool) -> str:
    """Decide where to listen: at this computer alone, as long as nobody was paired with.

    Raises:
        ConfigError: another place was asked for.
    """
    open_to_others = is_paired or order.pair
    if order.host is None:
        return EVERYWHERE if open_to_others else LOOPBACK
    if not open_to_others and not is_loopback(order.host):
        raise ConfigError(
            f"--host {order.host}: no engine was paired with, and nobody else is let in; add --pair"
        )
    return order.host


def run(order: NodeOrder, wait: Callable[[float], bool]) -> int:
    """Run until `wait`, given seconds, says that it is to end; gives the exit code.

    Raises:
        AcquireError, RecordingError: it cannot be started.
    """
    folder = config_folder() / "node" / order.name
    me, engines = identity(order.name, folder), Engines(folder)
    address = listening_host(order, is_paired=bool(engines.known))
    if (text := synced.warning(order.data_dir)) is not None:
        _say(f"warning: {text}")
    with bind(address, order.port, "--port") as listener:
        port = listener.getsockname()[1]
        window = PairingWindow(me.fingerprint) if order.pair else None
        host = Host(
            order.name,
            order.data_dir,
            lambda text: _say(f"warning: {text}"),
            order.block_bytes,
            order.buffer_s,
        )
        with contextlib.ExitStack() as ends:
            # Threads of their own: the disk belongs to the cameras first.
            reading = ThreadPoolExecutor(READERS, "reading files", initializer=leave_the_disk)
            ends.enter_context(reading)
            if order.announce:
                ends.enter_context(announced(order.name, port, me.fingerprint, order.announce))
            app = build(
                host, engines, window, lambda name: _say(f"paired with engine {name}"), reading
            )
            server = HttpServer(app, listener, (me.certificate, me.key))
            # The server last: what a closing take has to say can still be fetched.
            ends.callback(server.close)
            ends.callback(host.close)
            host.start()
            server.start()
            _say_how_to_reach(order, server.url, address, port, me.fingerprint, window)
            while not wait(POLL_S) and server.alive:
                pass
            return 0 if wait(0.0) else 2


def _say_how_to_reach(
    order: NodeOrder,
    url: str,
    address: str,
    port: int,
    fingerprint: str,
    window: PairingWindow | None,
) -> None:
    _say(f"fingerprint {fingerprint}")
    if window is not None:
        known_as = host_name() if address == EVERYWHERE else address
        known_as = f"[{known_as}]" if ":" in known_as else known_as
        place = known_as if port == NODE_PORT else f"{known_as}:{port}"
        _say(f"code {window.code}")
        _say(
            f"within {VALID_S / 60:g} min, on the engine's computer: unisono pair {place}   "
            "(or this computer's IP address in place of its name)"
        )
    elif address == LOOPBACK and order.host is None:
        _say("no engine was paired with: only this computer is listened to; start it with --pair")
    _say(f"ready {url}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
