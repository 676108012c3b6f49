"""Menu entry and file type on Windows, for this user alone. Never run there."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from acquire.own_program import command
from acquire.processes import powershell
from acquire.processes.powershell import literal
from gui.desktop import icons

CLASSES = "Software\\Classes"
KIND = "Unisono.xdf"
WITH = f"{CLASSES}\\.xdf\\OpenWithProgids"
_KIND = f"{CLASSES}\\{KIND}"
_WITHIN = (
    f"{_KIND}\\shell\\open\\command",
    f"{_KIND}\\shell\\open",
    f"{_KIND}\\shell",
    f"{_KIND}\\DefaultIcon",
    _KIND,
)
_ASSOCIATIONS_CHANGED = 0x08000000


def start_menu() -> Path:
    """Give the folder of this user's menu."""
    return Path(os.environ["APPDATA"]) / "Microsoft" / "Windows" / "Start Menu" / "Programs"


def install(menu: Path, winreg: Any) -> list[str]:
    """Make the shortcut and the keys of the registry, whose module is `winreg`; says what.

    Raises:
        OSError: the system refuses.
    """
    icon = icons.write(_icon())
    link = menu / "Unisono.lnk"
    powershell.run(shortcut(link, command("acquire", "gui", console=False), icon))
    for key, value in keys(icon).items():
        winreg.SetValue(winreg.HKEY_CURRENT_USER, key, winreg.REG_SZ, value)
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, WITH) as opened:
        winreg.SetValueEx(opened, KIND, 0, winreg.REG_SZ, "")
    _tell_explorer()
    return [str(link), str(icon), f"HKEY_CURRENT_USER\\{CLASSES}\\{KIND}"]


def remove(menu: Path, winreg: Any) -> list[str]:
    """Take them away; says what was there.

    Raises:
        OSError: the system refuses.
    """
    gone = [str(path) for path in (menu / "Unisono.lnk", _icon()) if path.exists()]
    for path in gone:
        Path(path).unlink()
    for key in _WITHIN:  # a key goes once it is empty
        with contextlib.suppress(FileNotFoundError):
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
            gone.append(f"HKEY_CURRENT_USER\\{key}")
    with (
        contextlib.suppress(FileNotFoundError),
        winreg.OpenKey(winreg.HKEY_CURRENT_USER, WITH, 0, winreg.KEY_SET_VALUE) as opened,
    ):
        winreg.DeleteValue(opened, KIND)
    _tell_explorer()
    return gone


def shortcut(link: Path, words: list[str], icon: Path) -> str:
    """Write what PowerShell has to do to make a shortcut: the format of .lnk is its own."""
    settings = {
        "TargetPath": words[0],
        "Arguments": subprocess.list2cmdline(words[1:]),
        "IconLocation": str(icon),
        "Description": "Record a face, a brain and a body on one clock",
    }
    lines = [f"$s = (New-Object -ComObject WScript.Shell).CreateShortcut({literal(str(link))})"]
    lines += [f"$s.{name} = {literal(value)}" for name, value in settings.items()]
    return "; ".join([*lines, "$s.Save()"])


def keys(icon: Path) -> dict[str, str]:
    """Say which keys get which default value."""
    opened = subprocess.list2cmdline(command("acquire", "review", console=False))
    return {
        _KIND: "XDF recording",
        f"{_KIND}\\DefaultIcon": str(icon),
        f"{_KIND}\\shell\\open\\command": f'{opened} "%1"',
    }


def _icon() -> Path:
    return user_data_path("unisono", appauthor=False) / "unisono.ico"


def _tell_explorer() -> None:
    if sys.platform == "win32":
        ctypes.windll.shell32.SHChangeNotify(_ASSOCIATIONS_CHANGED, 0, None, None)
