"""The check as a child of the engine: it rests when told to, and says how far it is."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from acquire.processes.steering import Progress, Steered
from recordings.certificate import Report
from recordings.check.contents import Contents
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.report.html import check_and_report

TELL_S = 0.2


def steered_check(folder: Path, *, contents: bool) -> Report:
    """Check a session and write its report; with `contents`, read its files first.

    Raises:
        RecordingError: it cannot be read.
    """
    steered = Steered()
    if not contents:
        return check_and_report(folder, hashes=False)
    read = Contents(folder, Manifest.load(folder))
    told_at = 0.0

    def between() -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_S:
            told_at = time.monotonic()
            _tell(read)
        steered.between()

    try:
        read.read_all(between)
    except OSError as error:
        raise RecordingError(
            f"{folder}: its files cannot be read ({error.strerror}); check the disk and its cable"
        ) from error
    # Whoever steers learns that from now on it cannot rest.
    _tell(read)
    report = check_and_report(folder, hash_of=read.hash_of)
    read.forget()
    return report


def _tell(read: Contents) -> None:
    typer.echo(Progress(read.read, read.total).line())  # flushes
