"""`unisono gui`: the recorder window as a program."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_dir

from acquire.errors import ConfigError
from acquire.rig.file import load_rig
from acquire.server import data_lock
from acquire.server.running import engine_url
from acquire.server.token import read_token
from gui.client.client import EngineClient
from gui.client.engine_link import EngineLink
from gui.client.opened_files import OpenedFiles
from gui.events.alarm_bar import Alarm
from gui.widgets.application import make_application
from gui.widgets.chosen import remember_rig
from gui.widgets.display import check_display
from gui.widgets.enter_presses import EnterPresses
from gui.window.first_page import FirstPage
from gui.window.window import RecorderWindow
from recordings.disk.atomic import replace_file
from recordings.owner import has_ended

LAST_RIG = "last-rig"


@dataclass(frozen=True, slots=True)
class WindowOrder:
    """What `gui` is asked for."""

    rig: Path | None = None
    attach: str | None = None
    data_dir: Path | None = None
    token_file: Path | None = None


def make_window(order: WindowOrder) -> RecorderWindow:
    """Make the window and look for its engine; needs a QApplication.

    Raises:
        AcquireError: the rig file cannot be used.
    """
    client = EngineClient(read_token(order.token_file))
    link = EngineLink(client)
    window = RecorderWindow(client, link)
    if order.attach is not None:
        link.attach(order.attach)
    elif order.rig is not None:
        _open_or_mend(window, order, order.rig)
    elif (last := left_running()) is not None:
        open_rig(link, *last)
    else:
        window.show_first(_first_page(link, order))
    gc.freeze()  # what has been imported stays: looking through it again and again costs frames
    return window


def _first_page(link: EngineLink, order: WindowOrder) -> FirstPage:
    return FirstPage(_config(), lambda name: open_rig(link, Path(name), order.data_dir))


def _open_or_mend(window: RecorderWindow, order: WindowOrder, rig: Path) -> None:
    try:
        open_rig(window.link, rig, order.data_dir)
    except ConfigError as error:
        page = _first_page(window.link, order)
        window.show_first(page)
        page.mend(rig, str(error))


def open_rig(link: EngineLink, path: Path, data_dir: Path | None) -> None:
    """Use the engine of a rig, or start it.

    Raises:
        AcquireError: the rig file cannot be used.
    """
    rig = load_rig(path)
    path, folder = path.absolute(), rig.data_folder(data_dir)
    named = folder if data_dir is not None else None
    link.open(path, rig.text, folder, named)
    remember_rig(str(path))
    # Absolute: the next window is begun in another folder.
    with contextlib.suppress(OSError):  # then it is not found by itself the next time
        replace_file(_config() / LAST_RIG, f"{path}\n{named or ''}\n".encode())


def left_running() -> tuple[Path, Path | None] | None:
    """Give the rig that was opened last and its data folder, if its engine still runs."""
    try:
        rig, data_dir = (_config() / LAST_RIG).read_text(encoding="utf-8").splitlines()
        named = Path(data_dir) if data_dir else None
        engine = data_lock.owner(named or load_rig(Path(rig)).data_dir)
    except (OSError, ValueError, ConfigError):
        return None
    if engine is None or has_ended(engine.pid) is not False:
        return None
    return Path(rig), named


def _config() -> Path:
    return Path(user_config_dir("unisono", ensure_exists=True))


def run(order: WindowOrder) -> int:
    """Show the window until it is closed; gives the exit code.

    Raises:
        AcquireError: the rig file cannot be used.
    """
    _check(order)
    application = make_application()
    enter = EnterPresses(application)
    application.installEventFilter(enter)
    window = make_window(order)
    opened = OpenedFiles(lambda text: window.alarm.add(Alarm("warning", text)), application)
    application.installEventFilter(opened)
    window.show()
    code = application.exec()
    window.release()
    return code


def _check(order: WindowOrder) -> None:
    """Find out what cannot work before Qt ends the process over a missing display."""
    if order.attach is not None:
        engine_url(order.attach, "--attach")
    if order.rig is not None:
        try:
            order.rig.read_bytes()  # a mistake in it is shown in the window, at its line
        except OSError:
            load_rig(order.rig)
    check_display("`unisono daemon` works without one")
