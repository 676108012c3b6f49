"""How liblsl is configured: its own search, or text that goes to every process."""

from __future__ import annotations

import configparser
import io
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from acquire.errors import ConfigError

BUFFER_S = 60
"""What an outlet and an inlet hold at most; beyond that liblsl drops the oldest samples."""

FORGET_S = 3.0
"""How long a resolver lists an outlet after it was last heard of."""

# liblsl reports every lost connection on standard error; the engine says the same as an event.
_QUIET = {"log": {"level": "-3"}, "ports": {"PortRange": "128"}}

# What both ends of a connection must have in common to find each other.
_SHARED = (
    ("lab", "SessionID"),
    ("multicast", "ResolveScope"),
    ("ports", "MulticastPort"),
    ("ports", "BasePort"),
    ("ports", "PortRange"),
    ("ports", "IPv6"),
)

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


def configuration(
    session: str | None = None, *, private: bool = False, peers: Sequence[str] = ()
) -> str | None:
    """Decide the LSL configuration of this process and of the devices it starts.

    Args:
        session: the SessionID that keeps neighbouring labs apart (`[rig] lsl_session`).
        private: loopback and a random SessionID, unless LSLAPICFG is set.
        peers: computers that are asked for their streams by name, so that no multicast is needed.

    Returns:
        The text for `configure`, or None where liblsl's own search is to be left alone.
    """
    parser = new_parser()
    file = user_config()
    if private and "LSLAPICFG" not in os.environ:
        file = None
        parser.read_dict(_PRIVATE)
        session = session or f"unisono-{secrets.token_hex(6)}"
    if file is not None and session is None and not peers:
        return None
    if file is not None:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not an LSL configuration file: {error}") from error
    else:
        parser.read_dict(_QUIET)
    lab = {} if session is None else {"SessionID": session}
    if peers:
        lab |= _asked(peers, parser.get("lab", "KnownPeers", fallback=""))
    parser.read_dict({"lab": lab} if lab else {})
    return as_text(parser)


def configuration_for(peer: str | None, content: str | None) -> str:
    """Write the configuration of another computer, whose streams this one's are to meet.

    Args:
        peer: this computer, as that one sees it.
        content: the configuration of this one.
    """
    parser = new_parser()
    own = new_parser()
    own.read_string(content or "")
    for section, key in _SHARED:
        if own.has_option(section, key):
            parser.read_dict({section: {key: own.get(section, key)}})
    parser.read_dict({"lab": _asked([peer] if peer else [], "")})
    return as_text(parser)


def _asked(peers: Iterable[str], before: str) -> dict[str, str]:
    known = [name.strip() for name in before.strip("{} ").split(",") if name.strip()]
    names = dict.fromkeys([*known, *peers])
    # By TCP as well: UDP answers do not get through a firewall that keeps states.
    return {"KnownPeers": "{" + ", ".join(names) + "}", "ResolveOverTCP": "1"}


def new_parser() -> configparser.ConfigParser:
    """Read a configuration as liblsl does: keys as they are written."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    return parser


def as_text(parser: configparser.ConfigParser) -> str:
    """Write a configuration."""
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def configure(content: str | None) -> None:
    """Hand the configuration to liblsl; only the first call before any other LSL call counts."""
    if content is not None:
        import pylsl.util

        pylsl.util.set_config_content(content)
