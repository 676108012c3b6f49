"""Sleep is inhibited as long as a recording lasts, by a helper that cannot outlive it."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from acquire.processes.sleep_inhibitor import kept_awake

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the helper is systemd's")

# Stands in for systemd-inhibit: runs the command that comes after its options.
INHIBIT = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""


def helpers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "cat" in p.name()]


def test_the_helper_lives_as_long_as_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "systemd-inhibit"
    script.write_text(INHIBIT)
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    before = psutil.Process().children()  # of other tests: a pool's helper, say
    with kept_awake():
        (helper,) = [p for p in psutil.Process().children() if p not in before]
        assert helper.is_running()
    assert not helper.is_running()


def test_a_system_without_it_records_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with kept_awake():
        assert helpers() == []
