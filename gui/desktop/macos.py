"""An app in ~/Applications that starts the program. Never run on a Mac."""

from __future__ import annotations

import plistlib
import shlex
import shutil
from pathlib import Path
from typing import Any

import acquire
from acquire.own_program import command
from gui.desktop import icons

IDENTIFIER = "org.unisono.recorder"
APP = "Unisono.app"


def info() -> dict[str, Any]:
    """Give an app's description; without the two texts the system ends it, or says nothing of LSL.

    https://developer.apple.com/documentation/bundleresources/information-property-list
    """
    kind = {
        "CFBundleTypeName": "XDF recording",
        "CFBundleTypeRole": "Viewer",
        "CFBundleTypeExtensions": ["xdf"],
        "LSHandlerRank": "Default",
    }
    return {
        "CFBundleName": "Unisono",
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleShortVersionString": acquire.__version__,
        "CFBundlePackageType": "APPL",
        "CFBundleDocumentTypes": [kind],
        "NSHighResolutionCapable": True,
        "NSCameraUsageDescription": "Unisono records the cameras that the rig file names.",
        "NSLocalNetworkUsageDescription": (
            "Unisono finds and records LabStreamingLayer streams on the local network."
        ),
    }


def install(applications: Path) -> list[str]:
    """Make the app; says what.

    Raises:
        OSError: it cannot be written.
    """
    contents = applications / APP / "Contents"
    program = contents / "MacOS" / "unisono"
    program.parent.mkdir(parents=True, exist_ok=True)
    icons.write(contents / "Resources" / "unisono.icns")
    described = info() | {"CFBundleExecutable": "unisono", "CFBundleIconFile": "unisono.icns"}
    (contents / "Info.plist").write_bytes(plistlib.dumps(described))
    program.write_text(f"#!/bin/sh\nexec {shlex.join(command('acquire', 'gui'))}\n", "utf-8")
    program.chmod(0o755)
    return [str(applications / APP)]


def remove(applications: Path) -> list[str]:
    """Delete the app; says what was there.

    Raises:
        OSError: it cannot be deleted.
    """
    app = applications / APP
    if not app.exists():
        return []
    shutil.rmtree(app)
    return [str(app)]
