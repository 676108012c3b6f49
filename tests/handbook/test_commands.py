"""Every command of the pages does what they say, in a lab that has what they take for granted.

Those of the README are programs of their own, as is whatever runs until it is told to stop; the
others are called in this process. What cannot be run here is named in `not_run`, with the reason.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acquire.cli.program import app
from acquire.server.data_lock import owner
from tests.acquire.program import TIMEOUT_S, Unisono, posix_only, wait_for
from tests.acquire.sources import Source, Sources
from tests.handbook.lab import Lab, readme_rig
from tests.handbook.not_run import NOT_RUN
from tests.handbook.page_commands import Command, commands, forms, is_a_name

pytestmark = posix_only

Sign = Callable[[Unisono, Path], object]
"""Whether a program that runs until it is stopped does its work by now, in its folder."""


def says(text: str) -> Sign:
    return lambda program, folder: text in program.stdout + program.stderr


def leaves(pattern: str) -> Sign:
    return lambda program, folder: any(folder.glob(pattern))


def engine_listens(program: Unisono, folder: Path) -> object:
    return owner(folder / "recorded") or owner(folder / "home" / "unisono")


@dataclass(frozen=True, slots=True)
class How:
    """How a command is run that is not just called, and ends with 0."""

    more: str = ""  # words after its own: any free port, less of the same
    until: Sign | None = None  # then it is told to stop
    typed: str = ""
    codes: tuple[int, ...] = (0,)
    absent: tuple[str, ...] = ()  # files that it makes
    program: bool = False


LOSSES, INTERRUPTED = 1, 3
RECORDED = (0, LOSSES, INTERRUPTED)
CLOSED = (0, -signal.SIGTERM)  # the second: told so before it came to listen
FOUND = (0, 1)  # it looks for something that there may be
HOW = {
    "demo": How("--seconds 2", codes=(0, LOSSES), program=True),
    "record": How("--wait 60", until=says("recording\n"), codes=RECORDED),
    "record --streams": How(until=says("recording\n"), codes=RECORDED),
    "record --xdf": How(until=says("recording\n"), codes=RECORDED, absent=("file.xdf",)),
    "run": How(until=says("running\n"), codes=RECORDED),
    "replay": How(until=says("running\n"), codes=RECORDED),
    "streams": How("--wait 1", program=True),
    "daemon": How("--port 0 --rcs-port 0", until=says("ready http")),
    "node": How("--port 0 --host 127.0.0.1", until=says("ready http")),
    "gui": How(until=engine_listens),
    "review": How(until=leaves("**/.review/*"), codes=CLOSED),
    "review SESSION --as": How(until=leaves("**/anna.lock"), codes=CLOSED),
    "review STUDY --as": How(until=leaves("**/anna.lock"), codes=CLOSED),
    "review SESSION --as CODER --arbitrate": How(until=leaves("**/consensus.lock"), codes=CLOSED),
    "review SESSION --as me --arbitrate": How(until=leaves("**/consensus.lock"), codes=CLOSED),
    "stimulus demo": How(until=says("onset"), codes=(3,)),
    "stimulus FILE": How(program=True, codes=(0, LOSSES)),
    "stimulus my.toml": How(program=True, codes=(0, LOSSES)),
    "stimulus copy": How(absent=("my.toml",)),
    "stimulus new": How(absent=("my.toml",)),
    "stimulus calibrate": How(program=True, codes=FOUND),
    "rig new rig.toml": How(absent=("rig.toml",)),
    "rig new lab.toml": How(absent=("lab.toml",)),
    "camera benchmark": How("--seconds 0.2"),
    "check": How(codes=FOUND),
    "doctor": How(codes=(0, 1, 2)),
    "export --deface-check": How(codes=FOUND),
    "features": How(program=True),  # with children, which outlive a call
    "study run": How(program=True),
    "erase STUDY PARTICIPANT": How(typed="y\n"),
    "simulate": How("--port 0 --seconds 0.2"),
    "simulate unicorn-udp": How("--seconds 0.2"),  # sends, and listens nowhere
    "simulate study": How("--participants 2 --seconds 1 --no-video --jobs 1"),
}
"""By the first words of the command: the longest that fit."""
NEW_FOLDERS = ("--to", "--data-dir", "--annotations", "--motion")
"""What follows is a folder that there need not be."""
SOAK = (
    "gui",
    "review",
    "demo",
    "run",
    "record lab.toml",
    "record rig.toml --participant 01 --task",
    "record rig.toml --participant 01 --protocol mmme",
    "record rig.toml --protocol my.toml",
    "daemon RIG.toml",
    "daemon rig.toml",
    "node --data-dir DIR --name",
    "node --data-dir /data",
    "replay FILE",
    "stimulus FILE",
    "stimulus my.toml",
    "stimulus demo --windowed",
    "stimulus calibrate --screen",
    "features",
    "study run STUDY",
    "study run DIR check csv",
    "study run DIR csv",
    "study run DIR bids",
    "motion",
)
"""By their first words: they take seconds of processor time, and much of each is run by another."""


def how(text: str) -> How:
    fitting = [words for words in HOW if f"{text} ".startswith(f"unisono {words} ")]
    return HOW[max(fitting, key=len)] if fitting else How()


def runs() -> Iterator[object]:
    """Every form of every command that is run, as often as it is on the pages once."""
    seen: set[str] = set(NOT_RUN)
    for command in commands():
        if command.text.startswith("unisono ") and not is_a_name(command):
            for form in forms(command.text):
                if form not in seen:
                    soak = form.removeprefix("unisono ").startswith(SOAK)
                    marks = [pytest.mark.soak] if soak else []
                    yield pytest.param(Command(command.page, form, False), id=form, marks=marks)
                seen.add(form)


@pytest.fixture(scope="module")
def others() -> Iterator[None]:
    """The programs of other people that the pages speak of."""
    with Sources(Source("gaze", type="Gaze"), Source("their-eeg", type="EEG")):
        yield


@pytest.fixture
def place(lab: tuple[Path, Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the lab, to be called in, with two screens."""
    here = tmp_path / "lab"
    shutil.copytree(lab[0], here)
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(here / "home"))
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(here / "home" / name.lower()))
    monkeypatch.setenv("QT_QPA_PLATFORM", f"offscreen:configfile={two_screens(here)}")
    monkeypatch.setenv("COLUMNS", "200")
    yield here
    shutil.rmtree(here, ignore_errors=True)


def two_screens(folder: Path) -> Path:
    path = folder / "screens.json"
    screen = '{{"name": "{0}", "x": {1}, "y": 0, "width": 1280, "height": 800}}'
    screens = ", ".join(screen.format(*one) for one in (("one", 0), ("two", 1280)))
    path.write_text(f'{{"screens": [{screens}]}}')
    return path


def in_the_lab(text: str, lab: Lab) -> list[str]:
    """Put what is there in the place of the words that stand for it."""
    words = shlex.split(text)[1:]
    known: dict[str, str] = {}
    for command, places in lab.places.items():
        if " ".join(words).startswith(command):
            known |= places
    placed = [known.get(word, word) for word in words]
    for at, word in enumerate(words[:-1], 1):
        if word in NEW_FOLDERS:
            placed[at] = f"new{word}"
    unknown = [word for word in placed if re.fullmatch(r"[A-Z_]+", word)]
    assert not unknown, f"what stands for {unknown}?"
    return placed


@contextmanager
def signals_as_before() -> Iterator[None]:
    """Give this process its signals back, which a command takes for itself."""
    taken = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in taken]
    try:
        yield
    finally:
        for number, handler in zip(taken, before, strict=True):
            signal.signal(number, handler)


@pytest.mark.parametrize("command", list(runs()))
def test_the_command_runs(
    command: Command, lab: tuple[Path, Lab], others: None, place: Path, tmp_path: Path
) -> None:
    asked = how(command.text)
    if command.page == "README.md":
        (place / "rig.toml").write_text(readme_rig())
    for name in asked.absent:
        (place / name).unlink(missing_ok=True)
    words = [*in_the_lab(command.text, lab[1]), *shlex.split(asked.more)]
    if "--protocol" in words:
        words += ["--headless", "--simulate"]
    if asked.until or asked.program or command.page == "README.md":
        with Unisono(*words, folder=tmp_path) as program:
            if asked.typed:
                program.say(asked.typed)
            if (sign := asked.until) is not None:
                wait_for(
                    lambda: sign(program, place) or program.process.poll() is not None,
                    what=command.text,
                )
                program.process.terminate()
            done = program.wait(2 * TIMEOUT_S)
        code, said = done.code, done.stdout + done.stderr
    else:
        with signals_as_before():
            result = CliRunner().invoke(app, words, input=asked.typed)
        code, said = result.exit_code, f"{result.output}{result.exception or ''}"
    assert code in asked.codes, said
    assert "Traceback" not in said
