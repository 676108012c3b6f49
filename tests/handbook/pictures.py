"""The pictures of the handbook, made by the program itself: `make screenshots`.

python -m tests.handbook.pictures [--to docs/images] [--lab /srv/face-lab] [NAME …]

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
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QEvent, QIODevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.widgets import theme
from gui.widgets.chosen import stored
from tests.bench import private_lsl
from tests.handbook import showcase
from tests.handbook.rehearsals import REHEARSALS

ROOT = Path(__file__).parents[2]
RUNBOOK = "runbook"
LAB = Path("/srv/face-lab")
"""Where the sessions of the pictures lie: a path that reads like that of a lab."""
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
    stored().clear()  # or the window would look as it was left with the rig of the last picture
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--lab", type=Path, default=LAB, help="its path is in the pictures")
    options = parser.parse_args()
    private_lsl()
    application = QApplication(sys.argv[:1])
    theme.apply(application)
    theme.choose(application, "light")
    wanted: dict[str, Callable[[Path, Path], None]] = {
        name: partial(rehearse, name) for name in REHEARSALS
    }
    wanted |= {"showcase": show, "chinese": show_chinese}
    failed = []
    for name, draw in wanted.items():
        if options.names and name not in options.names:
            continue
        began = time.monotonic()
        try:
            with lab(options.lab) as folder:
                draw(folder, options.to.absolute())
        except AssertionError as error:
            failed.append(name)
            print(f"{name}: not made: {error}", flush=True)
            continue
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    # Nobody's own look, language and rigs: read once, when Qt's settings are first opened.
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="handbook-config-")
    sys.exit(main())
