"""Files that are written for somebody to go on with: never over one that is there."""

from __future__ import annotations

from pathlib import Path

from acquire.errors import ConfigError


def write_new(path: Path, text: str) -> None:
    """Write a text file that does not exist yet; the same bytes on every system.

    Raises:
        ConfigError: it exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: exists already; name another file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
