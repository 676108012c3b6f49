"""Which daemons of this user run now, and where: how `unisono ctl` finds the one that is meant.

Each writes a file of its own into a folder of the user's and takes it away at its end; what a
killed one left behind is known by its process, which is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from acquire.errors import ConfigError
from acquire.server.data_lock import owner
from devices.addresses import place_in_url
from recordings.disk.regular import read_text
from recordings.owner import lives, this_process


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """A daemon: its process as `recordings.owner` knows it, data folder and address."""

    host: dict[str, str]
    data_dir: str
    url: str


def engine_url(text: str, option: str) -> str:
    """Read where an engine is, as an option of the command line gives it.

    Raises:
        ConfigError: it is no address of one.
    """
    url = text.rstrip("/")
    if not url.startswith(("http://", "https://")) or place_in_url(url) is None:
        raise ConfigError(
            f"{option} {url}: is http:// or https:// with a name or an address, and perhaps "
            "a port from 1 to 65535; an IPv6 address stands in [ ]: http://[::1]:8765"
        )
    return url


def folder() -> Path:
    """Return where daemons say that they run."""
    from platformdirs import user_state_path

    return user_state_path("unisono") / "engines"


@contextlib.contextmanager
def announced(data_dir: Path, url: str) -> Iterator[None]:
    """Say that this process runs a daemon, for as long as it does; a hint, never a condition."""
    path = folder() / f"{os.getpid()}.json"
    host = {"name": socket.gethostname(), **this_process()}
    engine = RunningEngine(host, str(data_dir), url)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(engine)), encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def running() -> list[RunningEngine]:
    """List the daemons of this user that run."""
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            engine = RunningEngine(**json.loads(read_text(path)))
        except (OSError, ValueError, TypeError):
            continue
        if lives(engine.host) is False:
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            found.append(engine)
    return found


def the_engine(data_dir: Path | None) -> str:
    """Return the address of the daemon of a folder, or of the only one that runs.

    Raises:
        ConfigError: none runs, or several do.
    """
    if data_dir is not None:
        found = owner(data_dir.expanduser().absolute())
        if found is None:
            raise ConfigError(f"{data_dir}: no engine has ever recorded into this folder")
        return found.url
    engines = running()
    if not engines:
        raise ConfigError(
            "no engine runs; start one with `unisono daemon RIG.toml`, or say where it is "
            "with --url"
        )
    if len(engines) > 1:
        several = ", ".join(f"{engine.url} ({engine.data_dir})" for engine in engines)
        raise ConfigError(f"{len(engines)} engines run: {several}; choose one with --url")
    return engines[0].url
