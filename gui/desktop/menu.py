"""`unisono desktop install` and `remove`, on whichever system this is; Linux alone was tried."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from acquire.errors import ConfigError
from gui.desktop import linux, macos, windows


def install() -> list[str]:
    """Put the program into this user's menu and have it open XDF files; says what it has made.

    Raises:
        ConfigError: a file cannot be written, or the system refuses.
    """
    try:
        if sys.platform == "win32":
            import winreg

            return windows.install(windows.start_menu(), winreg)
        if sys.platform == "darwin":
            return macos.install(Path.home() / "Applications")
        return linux.install(_data_home())
    except OSError as error:
        raise ConfigError(f"no menu entry can be made: {error}") from error


def remove() -> list[str]:
    """Take it out again; says what it has taken away.

    Raises:
        ConfigError: a file cannot be deleted, or the system refuses.
    """
    try:
        if sys.platform == "win32":
            import winreg

            return windows.remove(windows.start_menu(), winreg)
        if sys.platform == "darwin":
            return macos.remove(Path.home() / "Applications")
        return linux.remove(_data_home())
    except OSError as error:
        raise ConfigError(f"the menu entry cannot be taken away: {error}") from error


def _data_home() -> Path:
    given = os.environ.get("XDG_DATA_HOME", "")  # only an absolute one counts, says the standard
    return Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share"
