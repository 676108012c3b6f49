"""`unisono daemon`: an engine that runs for weeks and is told over the network what to do."""

from __future__ import annotations

import ssl
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from acquire.engine.stop_signals import Stopper
from acquire.errors import AcquireError, ConfigError
from acquire.lsl.config import configuration
from acquire.processes.punctual import be_punctual
from acquire.rig.file import Rig
from acquire.server import systemd
from acquire.server.api import app as api
from acquire.server.controller import Controller
from acquire.server.data_lock import DataLock
from acquire.server.event_log import EventLog
from acquire.server.rcs_server import RcsServer
from acquire.server.recovery import Recovery
from acquire.server.running import announced
from acquire.server.token import VARIABLE, read_token, seen_by_others
from acquire.serving.http_server import HttpServer, bind
from acquire.serving.loopback import is_loopback
from recordings.disk import synced
from recordings.layout import prepare_data_dir

MIN_TOKEN = 16
POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class DaemonOrder:
    """What `daemon` is asked for."""

    rig: Rig
    host: str = "127.0.0.1"
    port: int = 8765
    rcs_port: int = 22345
    data_dir: Path | None = None
    token_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    rcs_to_anyone: bool = False
    allow_missing: bool = False
    checks: bool = True  # of each session, after its closing

    @property
    def where(self) -> Path:
        """The data folder."""
        return self.rig.data_folder(self.data_dir)


def token_of(order: DaemonOrder) -> str | None:
    """Read the token that clients have to send; None where it needs none.

    Raises:
        ConfigError: it cannot be read, is too short, or is missing where it is needed.
    """
    token = read_token(order.token_file)
    if token is None:
        if not is_loopback(order.host):
            raise ConfigError(
                f"--host {order.host}: whoever reaches this address could start and stop "
                f"recordings; name a file with a token (--token-file) or set {VARIABLE}"
            )
        return None
    if len(token) < MIN_TOKEN:
        raise ConfigError(
            f"the token has {len(token)} characters, expected at least {MIN_TOKEN}; "
            "make one with: openssl rand -hex 16"
        )
    if order.token_file is not None and (text := seen_by_others(order.token_file)) is not None:
        _say(f"warning: {text}")
    return token


def read_certificate(order: DaemonOrder) -> tuple[Path, Path] | None:
    """Check the files for TLS; None where there is to be none.

    Raises:
        ConfigError: one of the two is missing, or they cannot be used.
    """
    if order.tls_cert is None and order.tls_key is None:
        return None
    if order.tls_cert is None or order.tls_key is None:
        raise ConfigError("--tls-cert and --tls-key go together; give both or neither")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(order.tls_cert, order.tls_key, password="")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigError(
            f"{order.tls_cert}, {order.tls_key}: cannot be used for TLS ({error}); give a "
            "certificate and its key without a password, both as PEM"
        ) from error
    return order.tls_cert, order.tls_key


def run(order: DaemonOrder) -> int:
    """Run until SIGTERM or Ctrl-C; gives the exit code.

    Raises:
        AcquireError, RecordingError: it cannot be started.
    """
    token = token_of(order)
    certificate = read_certificate(order)
    prepare_data_dir(order.where)
    if (text := synced.warning(order.where)) is not None:
        _say(f"warning: {text}")
    be_punctual()
    stopper = Stopper()
    stopper.listen(stdin=False)
    rcs_host = order.host if order.rcs_to_anyone else "127.0.0.1"
    if not is_loopback(order.host) and certificate is None:
        _say(
            f"warning: {order.host}: the token goes over the network unencrypted; "
            "give --tls-cert and --tls-key, or use an SSH tunnel"
        )
    with (
        DataLock(order.where) as lock,
        bind(order.host, order.port, "--port") as listener,
        bind(rcs_host, order.rcs_port, "--rcs-port") as rcs_listener,
    ):
        controller = Controller(
            order.rig,
            order.where,
            configuration(order.rig.table.lsl_session, peers=order.rig.peers),
            allow_missing=order.allow_missing,
            checks=order.checks,
        )
        events = EventLog(order.where)
        leave = controller.events.on_event(events.write)
        app = api.guarded(api.build(controller), token, local_only=is_loopback(order.host))
        server, rcs = HttpServer(app, listener, certificate), RcsServer(controller, rcs_listener)
        recovery = Recovery(
            order.where,
            controller.report,
            controller.checks.closed,
            lambda: controller.recording.running is not None,
        )
        try:
            recovery.start()
            rcs.start()
            lock.announce(server.url)
            _say("rcs {}:{}".format(*rcs_listener.getsockname()[:2]))
            with announced(order.where, server.url):
                return _serve(controller, server, stopper)
        finally:
            recovery.close()
            rcs.close()
            server.close()
            leave()
            events.close()


def _serve(controller: Controller, server: HttpServer, stopper: Stopper) -> int:
    failures: list[AcquireError] = []

    def open_rig() -> None:
        try:
            controller.open()
        except AcquireError as error:
            failures.append(error)
            stopper.stop()

    opening = threading.Thread(target=open_rig, name="opening", daemon=True)
    opening.start()
    try:
        server.start()
        _say(f"ready {server.url}")
        systemd.notify("READY=1")
        beat = systemd.watchdog_s()
        while not stopper.wait(min(POLL_S, beat or POLL_S)) and server.alive:
            if not controller.engine.is_stuck:  # else the service manager starts it again
                systemd.notify("WATCHDOG=1")
        systemd.notify("STOPPING=1")
    finally:
        controller.cancel()
        opening.join()  # what it has begun to open is closed below
        controller.close()
    if failures:
        raise failures[0]
    return 0 if stopper.stopped else 2


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
