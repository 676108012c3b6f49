"""How liblsl is configured: its own search, or text that goes to every process."""

from __future__ import annotations

import configparser
import io
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from acquire.errors import ConfigError

if TYPE_CHECKING:
    pass

BUFFER_S = 60
"""What an outlet and an inlet hold at most; beyond that liblsl drops the oldest samples."""

FORGET_S = 3.0
"""How long a resolver lists an outlet after it was last heard of."""

# liblsl reports every lost connection on standard error; the engine says the same as an event.
_QUIET = {"log": {"level": "-3"}, "ports": {"PortRange": "128"}}

# Multicast to 127.0.0.1 reaches one socket only: the known peer is asked port by port instead.
_PRIVATE = {
    "multicast": {"ResolveScope": "machine"},
    "ports": {"IPv6": "disable"},
    "lab": {"KnownPeers": "{127.0.0.1}"},
}


def user_config() -> Path | None:
    """Find the configuration file that liblsl itself would load."""
    candidates = [
        os.environ.get("LSLAPICFG", ""),
        "lsl_api.cfg",
        "~/lsl_api/lsl_api.cfg",
        "/etc/lsl_api/lsl_api.cfg",
    ]
    for name in candidates:
        if name and (path := Path(name).expanduser()).is_file():
            return path
    return None


def configuration(session: str | None = None, *, private: bool = False) -> str | None:
    """Decide the LSL configuration of this process and of the devices it starts.

    Args:
        session: the SessionID that keeps neighbouring labs apart (`[rig] lsl_session`).
        private: loopback and a random SessionID, unless LSLAPICFG is set.

    Returns:
        The text for `configure`, or None where liblsl's own search is to be left alone.
    """
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    file = user_config()
    if private and "LSLAPICFG" not in os.environ:
        file = None
        parser.read_dict(_PRIVATE)
        session = session or f"unisono-{secrets.token_hex(6)}"
    if file is not None and session is None:
        return None
    if file is not None:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not an LSL configuration file: {error}") from error
    else:
        for section, values in _QUIET.items():
            for key, value in values.items():
                if not parser.has_section(section):
                    parser.add_section(section)
                parser.set(section, key, value)
    if session is not None:
        if not parser.has_section("lab"):
            parser.add_section("lab")
        parser.set("lab", "SessionID", session)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def configure(content: str | None) -> None:
    """Hand the configuration to liblsl; only the first call before any other LSL call counts."""
    if content is not None:
        import pylsl.util

        pylsl.util.set_config_content(content)
