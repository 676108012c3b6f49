"""Which version of this program it is: results are made again by another one."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def program_version() -> str:
    """Return the version of the installed package; "" where it is not installed."""
    try:
        return metadata.version("unisono")
    except metadata.PackageNotFoundError:
        return ""
