"""The pictures of the handbook, made by the program itself: `make screenshots`.

python -m tests.handbook.pictures [--to docs/images] [--lab /srv/face-lab] [--here] [NAME …]

Every picture that a page of `docs` names is made here, in light, in English: the window on
simulated devices and their faults, the review, the coding pane, a question of the player, the
report, the page of the daemon. The picture of
the Chinese first session is in Chinese.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from PIL import Image
from PySide6.QtCore import QBuffer, QEvent, QIODevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.widgets import theme
from tests.bench import private_lsl
from tests.handbook import showcase
from tests.handbook.rehearsals import REHEARSALS

ROOT = Path(__file__).parents[2]
RUNBOOK = "runbook"
LAB = Path("/srv/face-lab")
"""Where the sessions of the pictures lie: a path that reads like that of a lab."""
BESIDE = 2
"""So many are drawn at a time, each in a lab of its own: the second's path ends in -2."""
SETTLED_MS = 500


def save(widget: QWidget, path: Path) -> None:
    """Keep a widget as a picture, once what has just changed is laid out and painted."""
    QTest.qWait(SETTLED_MS)
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    shrink(Image.open(io.BytesIO(bytes(buffer.data().data()))), path)


def shrink(picture: Image.Image, path: Path) -> None:
    """Write a small PNG: 256 colours are enough for a window."""
    path.parent.mkdir(parents=True, exist_ok=True)
    few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def rehearse(name: str, folder: Path, to: Path) -> None:
    for widget in REHEARSALS[name](folder):
        save(widget, to / RUNBOOK / f"{name}.png")


def show(folder: Path, to: Path) -> None:
    for name, widget in showcase.recording(folder):
        save(widget, to / f"{name}.png")
    showcase.report(folder, folder / "report.png")
    for name in ("report", "page"):  # taken by a browser
        with Image.open(folder / f"{name}.png") as picture:
            shrink(picture, to / f"{name}.png")


def show_chinese(folder: Path, to: Path) -> None:
    for name, widget in showcase.chinese(folder):
        save(widget, to / f"{name}.png")


@contextmanager
def lab(folder: Path) -> Iterator[Path]:
    """Make a folder for one picture; it is removed afterwards, and has to be a new one."""
    try:
        folder.mkdir()
    except OSError as error:
        sys.exit(f"{folder}: cannot be made ({error}); name a new folder with --lab")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def draw(name: str, folder: Path, to: Path) -> int:
    """Draw here and now, on this program's screen; gives the program's exit code."""
    # Nobody's own look, language and rigs: read once, when Qt's settings are first opened.
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="handbook-config-")
    private_lsl()
    application = QApplication(sys.argv[:1])
    theme.apply(application)
    theme.choose(application, "light")
    began = time.monotonic()
    try:
        with lab(folder) as made:
            SHOWN.get(name, partial(rehearse, name))(made, to)
    except AssertionError as error:
        print(f"{name}: not made: {error}", flush=True)
        return 1
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return 0


def draw_all(names: Sequence[str], folder: Path, to: Path) -> list[str]:
    """Draw each in a program and on a screen of its own, two beside each other: most of it waits.

    What fails is drawn once more, alone: a busy computer is no reason. Gives what failed again.
    """
    folders = SimpleQueue[Path]()
    for number in range(BESIDE):
        folders.put(folder.with_name(f"{folder.name}-{number + 1}" if number else folder.name))

    def is_drawn(name: str) -> bool:
        free = folders.get()
        program = [sys.executable, "-m", "tests.handbook.pictures", name, "--here"]
        words = ["sh", ROOT / ".ci" / "on-a-screen", *program, "--to", to, "--lab", free]
        try:
            return subprocess.run([*map(str, words)], cwd=ROOT, check=False).returncode == 0
        finally:
            folders.put(free)

    with ThreadPoolExecutor(BESIDE) as pool:
        drawn = list(pool.map(is_drawn, names))
    return [
        name for name, done in zip(names, drawn, strict=True) if not done and not is_drawn(name)
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[[], *SHOWN, *REHEARSALS], metavar="NAME")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--lab", type=Path, default=LAB, help="its path is in the pictures")
    parser.add_argument("--here", action="store_true", help="one picture, on this screen")
    options = parser.parse_args()
    to = options.to.absolute()
    if options.here:
        return draw(options.names[0], options.lab, to)
    return 1 if draw_all(options.names or [*SHOWN, *REHEARSALS], options.lab, to) else 0


SHOWN = {"showcase": show, "chinese": show_chinese}


if __name__ == "__main__":
    sys.exit(main())
