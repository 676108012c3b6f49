"""A host, and perhaps a port, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.addresses import host_and_port, place_in_url

PLACES = (
    st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?(\.[a-z][a-z0-9]{0,9})?", fullmatch=True)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(str)
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cam-pc", ("cam-pc", None)),
        ("cam-pc.lab.local:1", ("cam-pc.lab.local", 1)),
        ("prüfstand_2:80", ("xn--prfstand_2-beb", 80)),
        ("[fe80::1%eth0]:9", ("fe80::1%eth0", 9)),
        ("[::1]", ("::1", None)),
        ("::1", ("::1", None)),
        ("::1:80", ("::1:80", None)),
        ("fe80::1%eth0", ("fe80::1%eth0", None)),
    ],
)
def test_hosts_and_ports(text: str, place: tuple[str, int | None]) -> None:
    assert host_and_port(text) == place


@pytest.mark.parametrize(
    "text",
    [
        *("", ":80", "a:", "a:0", "a:65536", "a:x", "a:1:2", "[a]", "[::1", "[::1]:", "[1.2.3.4]"),
        *("a b", "a\n", "a/b", "me@a", "http://a", ".", "a..b", "ä" * 70, "x" * 64 + ".org"),
        *("::1%/", "1::2::3"),
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"give a host|no computer can be called"):
        host_and_port(text)


@given(PLACES, st.none() | st.integers(1, 65535))
def test_what_is_put_together_comes_apart_again(host: str, port: int | None) -> None:
    text = f"[{host}]" if ":" in host else host
    text += "" if port is None else f":{port}"
    assert host_and_port(text) == (host, port)
    assert place_in_url(f"http://{text}/path?a=b") == (host, port)


@given(st.text() | st.text("0123456789abcdef:.%[]x"))
def test_no_text_is_a_place_by_accident(text: str) -> None:
    try:
        host, port = host_and_port(text)
    except ValueError:
        return
    assert host.isascii()
    assert host
    assert not set(host) & set(" /@?#\\[]\n\0")
    assert port is None or 0 < port < 65536


@pytest.mark.parametrize("url", ["http://::1", "http://[::1", "http://", "http://me@a", "a:80"])
def test_a_url_without_a_place_has_none(url: str) -> None:
    assert place_in_url(url) is None
