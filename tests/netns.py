"""Another computer on this one: a network namespace at the end of a cable that can be cut.

Needs root. What is made is always removed: at the end, and what a test that was killed has left by
the next one that begins. Rules of the firewall are made in the namespace alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

STEM: Final = "unisono"
TABLE: Final = "inet cable"


def works(*prefix: str) -> bool:
    """Say whether a program can be started that way."""
    if shutil.which(prefix[0]) is None:
        return False
    return subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0


def needs(*prefixes: tuple[str, ...]) -> None:
    """Skip a test where namespaces, or programs started so, cannot be had."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces are of Linux, and need root")
    for tool in ("ip", "nft", "tc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: make system")
    try:
        with Cable():
            pass
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")
    for prefix in prefixes:
        if not works(*prefix):
            pytest.skip(f"cannot be used here: {' '.join(prefix)}")


class Cable:
    """A cable from here to a network namespace.

    `here` and `there` are the addresses of its ends, `prefix` starts a program at the other end.
    """

    def __init__(self) -> None:
        self.name = f"{STEM}-{os.getpid()}-{secrets.token_hex(3)}"
        # An interface's name has 15 characters at most.
        tail = secrets.token_hex(4)
        self.near, self.far = f"un{tail}", f"uf{tail}"
        net = f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(254) + 1}"
        self.here, self.there = f"{net}.1", f"{net}.2"
        self.prefix = ("ip", "netns", "exec", self.name)
        self._is_cut = False

    def __enter__(self) -> Self:
        remove_left_behind()
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _make(self) -> None:
        _run("ip", "netns", "add", self.name)
        ends = ("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far)
        _run(*ends, "netns", self.name)
        _run("ip", "address", "add", f"{self.here}/24", "dev", self.near)
        _run("ip", "link", "set", self.near, "up")
        self._there("ip", "address", "add", f"{self.there}/24", "dev", self.far)
        for link in (self.far, "lo"):
            self._there("ip", "link", "set", link, "up")
        self._nft(f"add table {TABLE}")
        for way in ("input", "output"):
            self._nft(f"add chain {TABLE} {way} {{ type filter hook {way} priority 0; }}")

    def _remove(self) -> None:
        for command in (("netns", "delete", self.name), ("link", "delete", self.near)):
            with contextlib.suppress(subprocess.CalledProcessError):  # the other took it along
                _run("ip", *command)

    def _there(self, *command: str) -> None:
        _run(*self.prefix, *command)

    def _nft(self, rule: str) -> None:
        self._there("nft", rule)

    def _rules(self, *rules: str) -> None:
        """Replace all rules; each is for what comes in and what goes out."""
        text = [f"flush table {TABLE}"]
        for rule in rules:
            text += [f"add rule {TABLE} input iifname {self.far} {rule}"]
            text += [f"add rule {TABLE} output oifname {self.far} {rule}"]
        self._nft("; ".join(text))

    def cut(self) -> None:
        """Pull it: what is sent is lost, and nobody is told."""
        self._rules("drop")

    def lose(self, share: float) -> None:
        """Lose a share of all packets at random."""
        self._rules(f"numgen random mod 1000 < {round(1000 * share)} drop")

    def without_multicast(self) -> None:
        """Lose what is sent to many at once."""
        self._rules("ip daddr { 224.0.0.0/4, 255.255.255.255 } drop", "pkttype broadcast drop")

    def mend(self) -> None:
        """Let everything through again."""
        self._rules()

    def small_buffers(self) -> None:
        """Have what is sent from there wait in the program, not in the system's buffers."""
        self._there("sysctl", "-w", "net.ipv4.tcp_wmem=4096 8192 8192")

    def limit(self, mbit_per_s: float) -> None:
        """Let no more through, of what comes from there."""
        shape = ("tbf", "rate", f"{mbit_per_s}mbit", "burst", "256kb", "latency", "50ms")
        self._there("tc", "qdisc", "replace", "dev", self.far, "root", *shape)


def remove_left_behind() -> None:
    """Remove what tests that were killed have left."""
    listed = subprocess.run(["ip", "netns", "list"], check=False, capture_output=True, text=True)
    for name, pid in re.findall(rf"^({STEM}-(\d+)-\w+)", listed.stdout, re.MULTILINE):
        if not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(subprocess.CalledProcessError):
                _run("ip", "netns", "delete", name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
