"""Text files that people write and read: rigs, protocols, drivers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from acquire.errors import ConfigError

_OF_WINDOWS: Final = re.compile(r'"[A-Za-z]:\\[^\\]')
"""A path whose backslashes begin something else in a string of TOML."""


def read_written(path: Path, missing: str) -> str:
    """Read what somebody has written; `missing` says what is said where there is nothing.

    Raises:
        ConfigError: it is not there, is no text, or cannot be read.
    """
    try:
        # Editors on Windows put a byte order mark in front, which is none of TOML's.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: {missing}") from error
    except UnicodeDecodeError as error:
        odd = f"byte {error.object[error.start]:#04x} at {error.start}"
        raise ConfigError(f"{path}: is not UTF-8 ({odd}); save it as UTF-8") from error
    except (OSError, ValueError) as error:  # a name that no file can have is a ValueError
        said = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: cannot be read ({said}); name another file") from error


def toml_of(text: str, where: Path | str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ConfigError: it is none.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; brackets as deep
        hint = "; write C:/clips for C:\\clips" if _OF_WINDOWS.search(text) else ""
        raise ConfigError(f"{where}: not TOML: {error}{hint}") from error


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet; the same bytes on every system.

    Raises:
        ConfigError: it exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: exists already; name another file") from error
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: its folder is not there; make it first") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
