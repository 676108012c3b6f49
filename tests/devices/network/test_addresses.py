"""Addresses as settings: names, IPv4, and IPv6 with brackets or without."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from devices import registry
from devices.base import DeviceError
from devices.drivers.curry import Curry
from devices.network.amplifier import NetworkSettings
from devices.network.biopac.control import discover
from devices.serial.ports import Port
from devices.simulation.servers.curry_server import CurryConversation
from devices.simulation.servers.serving import Server
from tests.devices.network.server import RATE_HZ, Playing, has_ipv6, opened, signals

WITH_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")


@contextlib.contextmanager
def curry_at(host: str) -> Iterator[int]:
    played = Playing(Server(host, 0, lambda: CurryConversation(signals())))
    try:
        yield played.server.port
    finally:
        played.close()


@WITH_IPV6
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_address_of_ipv6_is_reached_with_brackets_and_without(host: str) -> None:
    """With them no computer was called so."""
    with curry_at("::1") as port:
        one = opened(Curry, port, host=host)
        try:
            assert one.open()[0].rate_hz == RATE_HZ
        finally:
            one.close()


@pytest.mark.parametrize("host", ["[::1]:4455", "amp-pc:4455", "192.168.0.10:4455"])
def test_a_port_in_an_address_is_sent_to_its_own_setting(host: str) -> None:
    with pytest.raises(ValidationError, match="alone; the port, 4455, has a setting of its own"):
        Curry.Settings(name="a", host=host)


NETWORKED = [
    name
    for name in registry.names()
    if registry.place_of(name) is None and issubclass(registry.find(name).Settings, NetworkSettings)
]


@pytest.mark.parametrize("port", [0, 65_536])
@pytest.mark.parametrize("name", NETWORKED)
def test_a_port_that_no_computer_has_is_refused_by_each_amplifier(name: str, port: int) -> None:
    """Where a driver gave the setting a default of its own, the limits were gone."""
    with pytest.raises(ValidationError, match=r"\nport\n  Input should be (greater|less)"):
        registry.find(name).Settings.model_validate({"name": "a", "host": "x", "port": port})


@pytest.mark.parametrize(
    "url",
    ["socket://::1:4000", "socket://[::1]", "socket://localhost", "rfc2217://[::1", "socket://"],
)
def test_a_serial_url_without_a_place_is_shown_one(url: str) -> None:
    """Of the insides of pyserial it said: '<=' not supported between instances of…"""
    with pytest.raises(
        DeviceError, match=r"write \w+://host:port; an IPv6 address stands in \[ \]"
    ):
        Port(url, baud=9600)


@WITH_IPV6
def test_a_serial_url_of_ipv6_is_opened() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as door:
        Port(f"socket://[::1]:{door.getsockname()[1]}", baud=9600).close()


@WITH_IPV6
def test_acqknowledge_is_searched_at_an_address_of_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as door:
        door.bind(("::1", 0))
        with pytest.raises(DeviceError, match="no AcqKnowledge answers at ::1"):
            discover("::1", 0.1, door.getsockname()[1])


def test_a_stand_in_at_an_address_that_is_none_says_so() -> None:
    with pytest.raises(DeviceError, match="no computer is called 'no such host'"):
        Server("no such host", 0, lambda: CurryConversation(signals()))
