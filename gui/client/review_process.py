"""The review of a session, in a process of its own: whatever it does costs a recording nothing."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from acquire.errors import AcquireError
from acquire.own_program import OWN_GROUP, command, program
from gui.texts import tr
from recordings.errors import RecordingError


def open_review(session: Path) -> int:
    """Open the review window of a session on this computer; gives its process.

    Raises:
        RecordingError: it is no session.
        AcquireError: the program cannot be run.
    """
    from recordings.read.opening import locate  # not before it is needed: the window starts sooner

    _, xdf, _ = locate(session)
    if not xdf.is_file():
        raise RecordingError(
            tr("{}: is missing; copy it back from where it was recorded").format(xdf)
        )
    try:
        process = subprocess.Popen(
            command("acquire", "review", str(session)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=OWN_GROUP,
        )
    except OSError as error:
        raise AcquireError(tr("{}: cannot be run: {}").format(program(), error)) from error
    # Whoever started it has to wait for its end, or it stays in the list of processes.
    threading.Thread(target=process.wait, name="review window", daemon=True).start()
    return process.pid
