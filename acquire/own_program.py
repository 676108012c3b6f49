"""How this program starts itself: one place for all its processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows: else a child of a program without a console opens one, for a moment or for good."""
OWN_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | NO_WINDOW
"""Windows: out of reach of a Ctrl-C that is meant for the parent."""


def command(module: str, *arguments: str, console: bool = True) -> list[str]:
    """Say how to run one of this program's modules; `acquire` is the program itself.

    -P keeps the working folder out of the module search: a lab's folder may well hold a
    `devices` or a `recordings` of its own. A bundle is its own Python: it takes the same words,
    and reads them with `ordered`.
    """
    return [program(console=console), "-P", "-m", module, *arguments]


def carry_out(
    module: str,
    order: bytes,
    output: IO[bytes] | int,
    patience_s: float,
    cwd: Path | None = None,
) -> str:
    """Have a module carry out what is on its standard input; say how its process ended.

    `output` is a file, or DEVNULL: a program that the module starts would hold a pipe open.

    Raises:
        subprocess.TimeoutExpired: it has not ended in time, and was killed.
    """
    code = subprocess.run(
        command(module),
        input=order,
        stdout=output,
        stderr=subprocess.DEVNULL,
        timeout=patience_s,
        cwd=cwd,
        creationflags=NO_WINDOW,
        check=False,
    ).returncode
    return f"signal {-code}" if code < 0 else f"status {code}"


def ordered(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """Read what `command` has written: module and arguments; None: it was not `command`."""
    match words:
        case [_, "-P", "-m", module, *arguments]:
            return module, arguments
    return None


def program(*, console: bool = True) -> str:
    """Name what runs this program: a Python, or the bundle's own executable.

    Windows has two of each: with a console, whose children have standard streams, and one ending
    in `w` that opens no console window, for menus.
    """
    if sys.platform != "win32":
        return sys.executable
    path = Path(sys.executable)
    stem = path.stem.removesuffix("w")
    return str(path.with_stem(stem if console else f"{stem}w"))
