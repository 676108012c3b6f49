"""Kill -9 of the real review window while somebody codes or arbitrates: a key is lost at most."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recordings.annotation.coder_file import Paths, Who, load
from recordings.annotation.journal import entries, replayed
from recordings.annotation.model import Event, Moment, Span
from recordings.annotation.store import CodingStore
from recordings.disk.hashing import sha256_of
from tests.acquire.program import posix_only
from tests.gui.coding.killed_window import digest
from tests.recordings.strip_session import Film, Made, make_session

pytestmark = posix_only
ROOT = Path(__file__).parents[3]
CODERS = ("anna", "ben")
AS = {
    "code": (Who("cleo"), ("--as", "cleo")),
    "arbitrate": (Who("consensus"), ("--as", "dora", "--arbitrate", ",".join(CODERS))),
}


class Windows:
    """The program that opens them, one after the other."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def _line(self) -> str:
        assert self._program.stdout
        line = self._program.stdout.readline()
        assert line, "the program that opens the windows has ended"
        return line

    def killed(self, seed: int, words: list[str], keys: int, late_s: float) -> tuple[int, str]:
        """Open one, kill it `late_s` after so many keys; gives (entries, digest) told last."""
        assert self._program.stdin
        print(json.dumps([seed, words]), file=self._program.stdin, flush=True)
        pid = int(self._line())
        told = [self._told(self._line()) for _ in range(keys)][-1]
        time.sleep(late_s)  # the moment is what is random here
        os.kill(pid, signal.SIGKILL)
        # The last line may be half a one, to which this is joined.
        while not (line := self._line()).endswith("ended\n"):
            told = self._told(line)
        return told

    @staticmethod
    def _told(line: str) -> tuple[int, str]:
        assert line != "ended\n", "the window has ended by itself"
        count, shown = line.split()
        return int(count), shown


@contextmanager
def windows(folder: Path) -> Iterator[Windows]:
    (folder / "home").mkdir()
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CACHE_HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gui.coding.killed_window"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
        text=True,
    ) as program:
        yield Windows(program)


def code(made: Made, coder: str, places: list[int]) -> None:
    """Have two coders differ: events of half a second that begin at these frames."""
    film = made.films["face"]

    def moment(frame: int) -> Moment:
        return Moment(time=film.times[frame], frame=frame, device_frame=int(film.numbers[frame]))

    with CodingStore(made.folder / "annotations", Who(coder), scheme="mmme") as store:
        store.put("looked", Span(id="all", camera="face", first=0, last=len(film.times) - 1))
        for number, at in enumerate(places):
            store.put(
                "events",
                Event(
                    id=f"{coder}-{number}",
                    camera="face",
                    onset=moment(at),
                    apex=moment(at + 3),
                    offset=moment(at + 6),
                ),
            )


def files(made: Made) -> dict[str, str]:
    """Give the hash of what no window may change."""
    own = {Paths(Path(), who).file.stem for who, _ in AS.values()}
    return {
        str(path.relative_to(made.folder)): sha256_of(path)
        for path in sorted(made.folder.rglob("*"))
        if path.is_file() and path.stem not in own and ".review" not in path.parts
    }


def check(folder: Path, who: Who, told: tuple[int, str]) -> None:
    """Hold what is on the disk against what the window told last."""
    paths = Paths(folder, who)
    found = load(paths)
    assert found is not None
    # One key may be on the disk that the window had no time to tell of.
    assert told[0] <= found.history.n <= told[0] + 1
    journal, _ = entries(paths.journal.read_bytes())
    then = replayed(found.file.history, (entry for entry in journal if entry.n <= told[0]))
    assert digest(then.coding) == told[1]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.soak)])
def test_a_window_that_is_killed_loses_at_most_the_last_key(tmp_path: Path, rounds: int) -> None:
    chance = random.Random(rounds)
    made = make_session(tmp_path / "data", Film())
    for coder in CODERS:
        code(made, coder, chance.sample(range(0, 390, 8), 30))
    before = files(made)
    edits = dict.fromkeys(AS, 0)
    with windows(tmp_path) as program:
        for number in range(rounds):
            what = ("code", "arbitrate")[number % 2]
            who, words = AS[what]
            order = ["review", str(made.folder), *words]
            keys = chance.randint(1, 30)
            told = program.killed(chance.randrange(1 << 30), order, keys, chance.uniform(0, 0.05))
            check(made.folder / "annotations", who, told)
            assert told[0] >= edits[what], "what one window did is there in the next"
            edits[what] = told[0]
    assert min(edits.values()) > rounds // 2, "it was typed, in each of them"
    assert files(made) == before
    for who, _ in AS.values():
        folder = made.folder / "annotations"
        found = load(Paths(folder, who))
        assert found is not None
        with CodingStore(folder, who) as store:  # and it goes on
            assert store.coding == found.coding
            assert store.undo()
