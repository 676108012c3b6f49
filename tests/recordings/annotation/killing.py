"""Kills a coder at a random moment, and says whether more than the last edit is gone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from recordings.annotation.coder_file import Who
from recordings.annotation.journal import History
from recordings.annotation.model import Coding
from recordings.annotation.store import CodingStore
from tests.recordings.annotation import killed_coder

ROOT = Path(__file__).parents[3]


def kill_once(folder: Path, what: str, random_: random.Random) -> tuple[int, int]:
    """Let a coder edit, kill it, and return (edits that it told of, edits that are there)."""
    command = [sys.executable, "-m", "tests.recordings.annotation.killed_coder", str(folder), what]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as coder:
        assert coder.stdout is not None
        told = _number(coder.stdout.readline())
        while told == 0:  # notes come first
            told = _number(coder.stdout.readline())
        time.sleep(random_.uniform(0, 0.06))  # the moment is what is random here
        coder.send_signal(signal.SIGKILL)
        said = [_number(line) for line in coder.stdout.read().splitlines(keepends=True)]
    told = max([told, *said])
    with CodingStore(folder, _who(what)) as store:
        there, coding = store.entries, store.coding
    assert coding == expected(there, what)
    return told, there


def _number(line: bytes) -> int:
    text = line.decode()
    return int(text) if text.endswith("\n") and text.strip().isdecimal() else 0


def _who(what: str) -> Who:
    return Who("consensus" if what == "arbitrate" else "anna")


class _Memory(CodingStore):
    """The same edits, without a disk."""

    def __init__(self) -> None:
        self._history = History()

    def _append(self, does, changes=()):  # type: ignore[no-untyped-def]
        self._history = self._history.after(self._history.next(does, changes))
        return True


def expected(count: int, what: str) -> Coding:
    """What a file says after so many edits."""
    store = _Memory()
    for n in range(1, count + 1):
        killed_coder.one_edit(store, n, what)
    return store.coding
