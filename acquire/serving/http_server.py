"""uvicorn, in a thread of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn

from acquire.errors import ConfigError
from acquire.serving.connections import MAX_CONNECTIONS, PatientProtocol

GRACE_S = 2
JOIN_S = 10.0


def bind(host: str, port: int, option: str) -> socket.socket:
    """Listen at an address.

    Raises:
        ConfigError: it cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=128)
        # asyncio does this only for sockets that name their protocol; without it an answer in two
        # pieces waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, UnicodeError) as error:
        place = f"[{host}]" if ":" in host else host
        remedy = f"another program may have it: stop it, or choose with {option} (0 = any free one)"
        if _is_elsewhere(error):
            remedy = "give --host a name or an address of this computer"
        raise ConfigError(f"{place}:{port} cannot be listened at ({error}); {remedy}") from error


def _is_elsewhere(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL:
        return True
    return isinstance(error, (socket.gaierror, UnicodeError))


class HttpServer:
    """uvicorn in a thread of its own: the signals belong to the main thread."""

    def __init__(
        self, app: Any, listener: socket.socket, certificate: tuple[Path, Path] | None = None
    ) -> None:
        self._listener = listener
        self._scheme = "https" if certificate else "http"
        cert, key = certificate or (None, None)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                http=PatientProtocol,
                ws="websockets-sansio",
                ws_max_size=4096,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=10,
                timeout_graceful_shutdown=GRACE_S,
                h11_max_incomplete_event_size=16 * 1024,
                ssl_certfile=cert,
                ssl_keyfile=key,
            )
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._server.serve([self._listener]))

    @property
    def url(self) -> str:
        """Where it is."""
        host, port = self._listener.getsockname()[:2]
        return f"{self._scheme}://" + (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    @property
    def alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def close(self) -> None:
        """End all connections and stop."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)  # a client that does not let go must not keep the program
        self._listener.close()
