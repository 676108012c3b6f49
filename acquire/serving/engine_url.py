"""The address of an engine, as somebody gives it."""

from __future__ import annotations

from acquire.errors import ConfigError
from devices.addresses import place_in_url


def engine_url(given: str, option: str) -> str:
    """Give the address, without a slash at its end; `option` is what it was given by.

    Raises:
        ConfigError: it is none.
    """
    url = given.rstrip("/")
    if not url.startswith(("http://", "https://")) or place_in_url(url) is None:
        raise ConfigError(
            f"{option} {url}: is http:// or https:// with a name or an address, and perhaps "
            "a port from 1 to 65535; an IPv6 address stands in [ ]: http://[::1]:8765"
        )
    return url
