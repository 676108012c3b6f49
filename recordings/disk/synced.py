"""Folders that a program of somebody's copies to its servers, while they are being written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_VARIABLES: Final = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")  # set by it, on Windows
_NAMES: Final = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "mobile documents": "iCloud",
    "clouddocs": "iCloud",
    "iclouddrive": "iCloud",
    "icloud drive": "iCloud",
    "cloudstorage": "a cloud's program",
    "nutstore": "Nutstore",
}


def synced_by(path: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Name the program that keeps a folder in step with its servers, as far as its path tells.

    Such a program holds files open while they are written, moves them away to save space, and
    sends recordings of people elsewhere. What a system does with "Documents" cannot be seen here.
    """
    full = path.expanduser().absolute()
    given = [environment[name] for name in _VARIABLES if environment.get(name)]
    if any(full.is_relative_to(folder) for folder in given):
        return "OneDrive"
    for part in full.parts:
        # "OneDrive - University", "Dropbox (Lab)", "GoogleDrive-name@…"
        for name, program in _NAMES.items():
            rest = part.lower().removeprefix(name)
            if rest != part.lower() and (not rest or rest[0] in " -("):
                return program
    return None


def warning(path: Path) -> str | None:
    """Say what is wrong with recording into such a folder; None where nothing is known to be."""
    program = synced_by(path)
    if program is None:
        return None
    return (
        f"{path}: {program} copies this folder to its servers, and may hold or move files while "
        "they are recorded; name a data folder outside of it"
    )
