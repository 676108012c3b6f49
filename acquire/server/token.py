"""The token of an engine: who has it may command; one reading for the engine and its clients."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError

VARIABLE: Final = "UNISONO_TOKEN"
"""The environment variable that may hold it, of the daemon and of its clients."""
LONGEST: Final = 4096
_TOKEN: Final = re.compile("[!-~]+")
"""What a header can carry."""


def read_token(file: Path | None) -> str | None:
    """Read it from the file or, where none is given, from the environment; None if it is nowhere.

    Raises:
        ConfigError: it cannot be read, or is no token.
    """
    if file is None:
        token = os.environ.get(VARIABLE) or None
    else:
        try:
            with file.open(encoding="utf-8") as text:  # a pipe, too: `--token-file <(pass unisono)`
                token = text.read(LONGEST + 2).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: the token cannot be read: {error}") from error
    if token is not None and not (len(token) <= LONGEST and _TOKEN.fullmatch(token)):
        raise ConfigError(
            f"{file or VARIABLE}: holds no token: one line of letters, digits and signs of ASCII"
        )
    return token


def seen_by_others(file: Path) -> str | None:
    """Return a warning where other users of this computer may read a token; None if they may not.

    A warning and no refusal: containers give their secrets with mode 0444.
    """
    try:
        mode = file.stat().st_mode
    except OSError:
        return None
    if os.name == "nt" or not stat.S_ISREG(mode) or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None  # Windows keeps rights elsewhere
    return (
        f"{file}: other users of this computer may read the token, and could start and stop "
        f"recordings; chmod 600 {file}"
    )
