"""`unisono doctor --report FILE.zip`: what a lab sends when something goes wrong, as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from acquire.errors import ConfigError
from acquire.own_program import NO_WINDOW, command
from acquire.processes.punctual import be_punctual
from acquire.rig.file import no_rig
from acquire.survey import doctor, timing
from acquire.survey.inventory import drivers
from acquire.survey.redaction import OTHER, own_names, redacted
from acquire.version import described, installed_extras
from recordings.layout import REPORT_JSON_NAME
from recordings.manifest import MANIFEST_NAME

RECORD_S = 30.0
PATIENCE_S = 120.0
"""What a recording may take beyond its length: devices are started, and the session is checked."""
_PACKAGES = ("pylsl", "numpy", "scipy", "av", "opencv-python", "brainflow", "pyserial", "pydantic")
_EXTRA_PACKAGES = ("PySide6_Essentials", "pyqtgraph", "mne", "mne-bids", "pyarrow", "scikit-image")


def write_report(
    file: Path, seconds: float = RECORD_S, tell: Callable[[str], None] = lambda text: None
) -> None:
    """Examine this computer and write what was found; takes a minute more than `seconds`.

    Each part is looked at on its own: what fails says why in its place.

    Args:
        file: where to; never overwritten, and gone again where the report does not get done.
        seconds: how long the simulated recording is.
        tell: hears what is being looked at.

    Raises:
        ConfigError: the file exists, or it or the home directory cannot be written to.
    """
    try:
        opened = file.open("xb")  # now: who waited a minute for it is told at once
    except FileExistsError:
        raise ConfigError(f"{file}: exists already, and is not overwritten; name another") from None
    except FileNotFoundError:
        raise ConfigError(f"{file}: its folder is not there; make it first") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror})") from error
    try:
        with opened, _scratch() as scratch, ZipFile(opened, "w", ZIP_DEFLATED) as packed:
            for name, content in _parts(Path(scratch), seconds, tell).items():
                packed.writestr(f"{name}.json", json.dumps(content, indent=1, default=str))
    except BaseException:  # half a report is none, and in the way of the next
        file.unlink(missing_ok=True)
        raise


def _scratch() -> tempfile.TemporaryDirectory[str]:
    home = Path.home()  # on the disk that sessions go to, unlike /tmp
    try:
        return tempfile.TemporaryDirectory(prefix=".unisono-doctor-", dir=home)
    except OSError as error:
        raise ConfigError(
            f"{home}: cannot be written to ({error.strerror}), and the report's recording goes "
            "there for a minute; set HOME to a folder that can be"
        ) from error


def _parts(scratch: Path, seconds: float, tell: Callable[[str], None]) -> dict[str, Any]:
    be_punctual()
    others: set[str] = set()
    steps: dict[str, Callable[[], Any]] = {
        "versions": versions,
        "findings": lambda: [
            asdict(finding) for finding in doctor.examine(no_rig().data_dir, others.add)
        ],
        "clocks": timing.clocks,
        "sleeps": timing.sleeps,
        "starts": timing.starts,
        "disk": lambda: timing.disk(scratch),
        "lsl": timing.through_lsl,
        "devices": devices,
        "recording": lambda: recording(scratch, seconds),
    }
    found = {}
    for name, step in steps.items():
        tell(name)
        try:
            found[name] = step()
        except Exception as error:  # one look that fails must not cost the others
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    names = own_names({str(scratch): "SCRATCH"} | dict.fromkeys(others, OTHER))
    cleaned: dict[str, Any] = redacted(found, names)
    return cleaned


def versions() -> dict[str, Any]:
    """Say what runs here, and on what."""
    return {
        "program": described(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "written": datetime.now(UTC).date().isoformat(),
        "extras": installed_extras(),
        "packages": {name: _version(name) for name in (*_PACKAGES, *_EXTRA_PACKAGES)},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def devices() -> dict[str, Any]:
    """List the drivers and what each finds, without the serial numbers of what is plugged in."""
    entries, found = drivers()
    return {
        entry.name: {
            "available": entry.available,
            "reason": entry.reason,
            "found": [one.description.replace(one.id, "ID") for one in found.get(entry.name, ())],
        }
        for entry in entries
    }


def recording(folder: Path, seconds: float) -> dict[str, Any]:
    """Record the simulated rig in a process of its own; give manifest and certificate.

    Raises:
        OSError, ValueError, subprocess.TimeoutExpired: there is no recording.
    """
    words = ["demo", "--seconds", f"{seconds:g}", "--json", "--data-dir", str(folder)]
    done = subprocess.run(
        command("acquire", *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds + PATIENCE_S,
        check=False,
        creationflags=NO_WINDOW,
    )
    said = done.stderr.decode("utf-8", "replace").splitlines()
    result: dict[str, Any] = {"exit_code": done.returncode, "said": said}
    if not done.stdout.strip():
        return result
    session = Path(json.loads(done.stdout.splitlines()[-1])["session"])
    for name, file in (("manifest", MANIFEST_NAME), ("certificate", REPORT_JSON_NAME)):
        result[name] = json.loads((session / file).read_text(encoding="utf-8"))
    return result
