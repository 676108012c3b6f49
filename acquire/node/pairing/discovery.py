"""Nodes found by mDNS, on the interfaces that somebody named: nothing is sent on any other."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import acquire
from acquire.errors import ConfigError

SERVICE: Final = "_unisono-node._tcp.local."
MAX_FOUND: Final = 100
RESOLVE_MS: Final = 1500


@dataclass(frozen=True, slots=True)
class FoundNode:
    """What a node says of itself; nothing of it is proven before it is paired with."""

    name: str
    address: str  # host:port
    version: str
    fingerprint: str


def addresses_of(interface: str) -> list[str]:
    """Give the IPv4 addresses of an interface: its name, or one of its addresses.

    Raises:
        ConfigError: there is no such interface, or it has none.
    """
    import ifaddr

    found = {
        adapter.nice_name: [str(ip.ip) for ip in adapter.ips if ip.is_IPv4]
        for adapter in ifaddr.get_adapters()
    }
    here = [address for addresses in found.values() for address in addresses]
    if interface in here:
        return [interface]
    if addresses := found.get(interface):
        return addresses
    known = ", ".join(sorted(name for name, addresses in found.items() if addresses))
    raise ConfigError(f"{interface}: no interface with an IPv4 address; there are: {known}")


@contextlib.contextmanager
def announced(name: str, port: int, fingerprint: str, interfaces: Sequence[str]) -> Iterator[None]:
    """Say on these interfaces that a node is here.

    Raises:
        ConfigError: one of them does not exist, or mDNS cannot be spoken there.
    """
    from zeroconf import Error as ZeroconfError
    from zeroconf import ServiceInfo, Zeroconf

    addresses = [address for one in interfaces for address in addresses_of(one)]
    info = ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        addresses=[socket.inet_aton(address) for address in addresses],
        port=port,
        properties={"version": acquire.__version__, "fingerprint": fingerprint},
    )
    try:
        zeroconf = Zeroconf(interfaces=addresses)
        try:
            zeroconf.register_service(info, allow_name_change=True)
            yield
        finally:
            zeroconf.close()
    except (OSError, ZeroconfError) as error:
        raise ConfigError(f"{', '.join(interfaces)}: mDNS cannot be spoken ({error})") from error


def look(interface: str, seconds: float) -> list[FoundNode]:
    """List the nodes that say on an interface that they are there.

    Raises:
        ConfigError: there is no such interface, or mDNS cannot be spoken there.
    """
    from zeroconf import Error as ZeroconfError
    from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

    names: dict[str, None] = {}

    class Names(ServiceListener):
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            if len(names) < MAX_FOUND:
                names[name] = None

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            pass

        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            pass

    addresses = addresses_of(interface)
    try:
        with contextlib.closing(Zeroconf(interfaces=addresses)) as zeroconf:
            ServiceBrowser(zeroconf, SERVICE, Names())
            time.sleep(seconds)
            found = [_described(zeroconf, name) for name in list(names)]
    except (OSError, ZeroconfError) as error:
        raise ConfigError(f"{interface}: mDNS cannot be spoken ({error})") from error
    return sorted((node for node in found if node is not None), key=lambda node: node.name)


def _described(zeroconf: object, name: str) -> FoundNode | None:
    from zeroconf import ServiceInfo, Zeroconf

    assert isinstance(zeroconf, Zeroconf)
    info = ServiceInfo(SERVICE, name)
    if not info.request(zeroconf, RESOLVE_MS) or not info.port:
        return None
    addresses = [ipaddress.ip_address(packed) for packed in info.addresses]
    if not addresses:
        return None
    return FoundNode(
        _shown(name.removesuffix("." + SERVICE)),
        f"{addresses[0]}:{info.port}",
        _shown(_property(info.properties, b"version")),
        _shown(_property(info.properties, b"fingerprint")),
    )


def _property(properties: dict[bytes, bytes | None], key: bytes) -> str:
    return (properties.get(key) or b"").decode("utf-8", "replace")


def _shown(text: str) -> str:
    """Leave out what would steer a terminal."""
    return "".join(sign for sign in text if sign.isprintable())[:80]
