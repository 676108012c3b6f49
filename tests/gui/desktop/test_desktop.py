"""The menu entry leads to this program, and goes without a trace; elsewhere: what is asked for."""

from __future__ import annotations

import configparser
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from acquire.own_program import command
from acquire.processes import powershell
from gui.desktop import icons, linux, macos, menu, windows
from tests.acquire.program import unisono


def entry(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser["Desktop Entry"]


def words_of(line: str) -> list[str]:
    """What a desktop starts: the file's escapes first, then the quotes, as the standard says."""
    text = line.replace("\\\\", "\\").replace("%%", "%")
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text, re.DOTALL)
    return [re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) or bare for quoted, bare in found]


@pytest.mark.skipif(sys.platform != "linux", reason="freedesktop.org")
def test_the_entry_starts_this_program_and_goes_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "a lab's data % $HOME"
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    made = menu.install()
    assert all(Path(path).is_file() and home in Path(path).parents for path in made)
    line = entry(home / "applications" / "unisono.desktop")["Exec"]
    words = words_of(line)
    assert words[-1] == "gui"
    done = subprocess.run([*words[:-1], "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("unisono ")
    review = entry(home / "applications" / "unisono-review.desktop")
    assert words_of(review["Exec"])[-2:] == ["review", "%f"]
    kind = ElementTree.parse(home / "mime" / "packages" / "unisono.xml").getroot()[0]
    assert review["MimeType"] == f"{kind.get('type')};"
    assert sorted(menu.remove()) == sorted(made)
    assert not [p for p in home.rglob("*") if "xdf" in p.name or "unisono" in p.name]
    assert menu.remove() == []


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils")
def test_the_entries_are_valid(tmp_path: Path) -> None:
    linux.install(tmp_path)
    files = [str(path) for path in tmp_path.rglob("*.desktop")]
    done = subprocess.run(
        ["desktop-file-validate", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@given(st.lists(st.text("aé /\\\"'`$%&;()<>~#*?", min_size=1), min_size=1))
def test_any_path_survives_the_quotes(words: list[str]) -> None:
    assert words_of(linux.exec_line(words)) == words


def test_the_command_says_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    done = unisono("desktop", "install", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "unisono.desktop" in done.stdout
    assert unisono("desktop", "remove", folder=tmp_path).stdout.count("gone ") == 4


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    done = unisono("desktop", "install", folder=tmp_path)
    assert done.code == 2
    assert done.error.startswith("error: no menu entry can be made: ")


def test_icons_in_the_forms_of_other_systems(tmp_path: Path, qapp: object) -> None:
    for suffix in ("ico", "icns"):
        image = QImage(str(icons.write(tmp_path / f"unisono.{suffix}")))
        assert (image.width(), image.height()) == (256, 256)
        assert image.pixelColor(128, 128).alpha() == 255


def test_the_app_of_a_mac_starts_the_program(tmp_path: Path, qapp: object) -> None:
    (app,) = macos.install(tmp_path)
    contents = Path(app) / "Contents"
    described = plistlib.loads((contents / "Info.plist").read_bytes())
    for text in ("NSCameraUsageDescription", "NSLocalNetworkUsageDescription"):
        assert described[text], "without it the system ends the program at the first access"
    started = contents / "MacOS" / described["CFBundleExecutable"]
    assert os.access(started, os.X_OK)
    assert shlex.split(started.read_text().splitlines()[1])[1:] == command("acquire", "gui")
    assert (contents / "Resources" / described["CFBundleIconFile"]).stat().st_size > 1000
    assert macos.remove(tmp_path) == [app]
    assert macos.remove(tmp_path) == []


class Registry:
    """What of `winreg` is used."""

    HKEY_CURRENT_USER, REG_SZ, KEY_SET_VALUE = "HKCU", 1, 2

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.values: set[tuple[str, str]] = set()

    def SetValue(self, root: str, key: str, kind: int, value: str) -> None:  # noqa: N802
        assert (root, kind) == (self.HKEY_CURRENT_USER, self.REG_SZ)
        parts = key.split("\\")
        for end in range(3, len(parts)):  # below Software\\Classes, as Windows makes them
            self.keys.setdefault("\\".join(parts[:end]), "")
        self.keys[key] = value

    def CreateKey(self, root: str, key: str) -> Any:  # noqa: N802
        return Key(key)

    def OpenKey(self, root: str, key: str, zero: int, access: int) -> Any:  # noqa: N802
        if not any(found == key for found, _ in self.values):
            raise FileNotFoundError(key)
        return Key(key)

    def SetValueEx(self, key: str, name: str, zero: int, kind: int, value: str) -> None:  # noqa: N802
        self.values.add((key, name))

    def DeleteValue(self, key: str, name: str) -> None:  # noqa: N802
        self.values.remove((key, name))

    def DeleteKey(self, root: str, key: str) -> None:  # noqa: N802
        if key not in self.keys:
            raise FileNotFoundError(key)
        assert not any(other.startswith(f"{key}\\") for other in self.keys), "it is not empty"
        del self.keys[key]


class Key(str):
    """An open key."""

    __slots__ = ()

    def __enter__(self) -> str:
        return str(self)

    def __exit__(self, *exc: object) -> None:
        pass


@pytest.fixture
def windows_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A user of Windows, and what PowerShell is told."""
    told: list[str] = []
    monkeypatch.setattr(powershell, "run", told.append)
    monkeypatch.setattr(windows, "_icon", lambda: tmp_path / "unisono.ico")
    monkeypatch.setattr(
        windows, "command", lambda *words, console: ["C:\\it's\\pythonw.exe", *words]
    )
    return told


def test_the_shortcut_and_the_keys_of_windows(
    tmp_path: Path, windows_user: list[str], qapp: object
) -> None:
    registry = Registry()
    windows.install(tmp_path, registry)
    (script,) = windows_user
    assert "$s.TargetPath = 'C:\\it''s\\pythonw.exe'" in script
    assert "$s.Arguments = 'acquire gui'" in script
    opened = registry.keys["Software\\Classes\\Unisono.xdf\\shell\\open\\command"]
    assert opened == 'C:\\it\'s\\pythonw.exe acquire review "%1"'
    assert registry.values == {(windows.WITH, windows.KIND)}
    gone = windows.remove(tmp_path, registry)
    assert (registry.keys, registry.values) == ({}, set())
    assert not (tmp_path / "unisono.ico").exists()
    assert len(gone) == 6
    assert windows.remove(tmp_path, registry) == []
