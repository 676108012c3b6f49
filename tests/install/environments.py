"""Environments without this checkout: what runs there runs from what was installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NAME = "unisono"
TIMEOUT_S = 240.0


@dataclass(frozen=True)
class Installed:
    """The program as it was installed somewhere, run in a home and a folder that were empty."""

    command: tuple[str, ...]
    home: Path
    path: str | None = None  # PATH; None: as it is here
    display: str | None = None  # an X server; None: no screen

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            [*self.command, *map(str, arguments)],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a user who has only just logged in."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XDG_", "UV_"))}
        kept.pop("VIRTUAL_ENV", None)
        kept |= {"HOME": str(self.home), "COLUMNS": "200"}
        if self.path is not None:
            kept["PATH"] = self.path
        if self.display is None:
            return kept | {"QT_QPA_PLATFORM": "offscreen"}
        return kept | {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}


def in_environment(folder: Path, home: Path) -> Installed:
    """Give the program of a virtual environment."""
    home.mkdir(parents=True, exist_ok=True)
    return Installed((str(python_of(folder)), "-P", "-m", "acquire"), home)


def python_of(folder: Path) -> Path:
    """Give the interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def build(kind: Literal["wheel", "sdist"], to: Path, source: Path = ROOT) -> Path:
    """Build the wheel or the sdist as `pip` does, but in this environment."""
    code = f"import sys; from hatchling.build import build_{kind} as b; print(b(sys.argv[1]))"
    to.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code, str(to)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return to / done.stdout.splitlines()[-1]


def linked(folder: Path, wheel: Path, extras: Iterable[str] = ()) -> Path:
    """Install a wheel with what it requires, and nothing else, by links to what is here.

    An environment that `pip install` would make, without a network.
    """
    venv.create(folder, symlinks=os.name == "posix")
    site = Path(
        sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    )
    with ZipFile(wheel) as packed:
        packed.extractall(site)
    for name in sorted(needed(wheel, extras)):
        for top in _tops(distribution(name)):
            if not (site / top.name).exists():  # a folder that several share is there once
                (site / top.name).symlink_to(top)
    return folder


def needed(wheel: Path, extras: Iterable[str]) -> set[str]:
    """Name the distributions that `unisono[extras]` brings, all the way down."""
    own = requirements_of(wheel)
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(NAME, frozenset(extras))]
    while waiting:
        what = name, wanted = waiting.pop()
        if what in seen:
            continue
        seen.add(what)
        lines = own if name == NAME else distribution(name).requires or []
        waiting += [(r.name, frozenset(r.extras)) for r in _wanted(lines, wanted)]
    return {name for name, _ in seen} - {NAME}


def requirements_of(wheel: Path) -> list[str]:
    """Read what a wheel requires."""
    with ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith(".dist-info/METADATA"))
        text = packed.read(name).decode()
    return HeaderParser().parsestr(text).get_all("Requires-Dist") or []


def _wanted(lines: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield requirement


def _tops(found: Distribution) -> set[Path]:
    """Give what a distribution has at the top of its site-packages."""
    names = {Path(file).parts[0] for file in found.files or ()}
    return {Path(str(found.locate_file(name))) for name in names - {"..", "__pycache__"}}
