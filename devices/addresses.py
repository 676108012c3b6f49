"""Where a computer is reached, taken apart: a name or an address, and perhaps a port."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_IPV6 = r"[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,20})?"
_PLACE = re.compile(
    rf"(?:(?P<name>[\w.-]+)|\[(?P<ipv6>{_IPV6})\])(?::(?P<port>[0-9]{{1,5}}))?|(?P<bare>{_IPV6})"
)


def host_and_port(text: str) -> tuple[str, int | None]:
    """Take `host`, `host:port`, `[IPv6]:port`, or IPv6 with [ ] or without, apart.

    A name with other letters than ASCII's is given as it is looked up: `xn--…`.

    Raises:
        ValueError: it is none of these, or no computer can be called so.
    """
    place = _PLACE.fullmatch(text)
    if place is None or (place["port"] and not 0 < int(place["port"]) < 65536):
        raise ValueError(
            "give a host, or host:port with a port from 1 to 65535; an IPv6 address with a port "
            "stands in [ ]"
        )
    host = place["ipv6"] or place["bare"]
    try:
        if host:
            ipaddress.IPv6Address(host)
        else:
            host = place["name"].encode("idna").decode("ascii")
    except ValueError:
        raise ValueError(f"no computer can be called {text[:80]!r}") from None
    return host, int(place["port"]) if place["port"] else None


def place_in_url(url: str) -> tuple[str, int | None] | None:
    """Give the host and port that a URL names, or None; an IPv6 address stands in [ ] there."""
    try:
        place = urlsplit(url).netloc
        host, port = host_and_port(place)
    except ValueError:
        return None
    return None if host == place and ":" in host else (host, port)
