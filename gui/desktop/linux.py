"""Menu entry, icon and file type by the standards of freedesktop.org.

https://specifications.freedesktop.org/desktop-entry-spec/latest and …/shared-mime-info-spec/latest
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from acquire.own_program import command

_ENTRY = """\
[Desktop Entry]
Type=Application
Name=Unisono
Comment=Record a face, a brain and a body on one clock
Comment[zh_CN]=用同一个时钟记录面部、大脑与身体
Exec={record}
Icon=unisono
Terminal=false
Categories=Science;
StartupWMClass=unisono
"""
_REVIEW = """\
[Desktop Entry]
Type=Application
Name=Unisono: review a recording
Name[zh_CN]=Unisono：回看录制
Exec={review} %f
Icon=unisono
Terminal=false
NoDisplay=true
MimeType=application/x-xdf;
"""
_TYPE = """\
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-xdf">
    <comment>XDF recording</comment>
    <magic><match type="string" offset="0" value="XDF:"/></magic>
    <glob pattern="*.xdf"/>
  </mime-type>
</mime-info>
"""
_REFRESH = (("update-desktop-database", "applications"), ("update-mime-database", "mime"))
"""What tells the desktop at once; without them it finds the files when it looks the next time."""


def install(data_home: Path) -> list[str]:
    """Write the files below `$XDG_DATA_HOME`; says which.

    Raises:
        OSError: one cannot be written.
    """
    made = _files(data_home)
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    _refresh(data_home)
    return [str(path) for path in made]


def remove(data_home: Path) -> list[str]:
    """Delete what `install` writes; says what was there.

    Raises:
        OSError: one cannot be deleted.
    """
    there = [path for path in _files(data_home) if path.exists()]
    for path in there:
        path.unlink()
    _refresh(data_home)
    return [str(path) for path in there]


def exec_line(words: Sequence[str]) -> str:
    """Write a command as `Exec=` wants it: quoted once for words, once for the file's strings."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    for sign in ("\\", '"', "`", "$"):
        word = word.replace(sign, f"\\{sign}")
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'


def _files(data_home: Path) -> dict[Path, bytes]:
    applications = data_home / "applications"
    record, review = (exec_line(command("acquire", word)) for word in ("gui", "review"))
    icon = data_home / "icons" / "hicolor" / "scalable" / "apps" / "unisono.svg"
    return {
        applications / "unisono.desktop": _ENTRY.format(record=record).encode(),
        applications / "unisono-review.desktop": _REVIEW.format(review=review).encode(),
        data_home / "mime" / "packages" / "unisono.xml": _TYPE.encode(),
        icon: (files("gui.widgets") / "unisono.svg").read_bytes(),
    }


def _refresh(data_home: Path) -> None:
    for name, folder in _REFRESH:
        tool = shutil.which(name)
        if tool is not None and (data_home / folder).is_dir():
            subprocess.run([tool, str(data_home / folder)], capture_output=True, check=False)
