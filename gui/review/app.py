"""`unisono review`: the review window as a program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path

from platformdirs import user_cache_dir

from gui.review.window import ReviewWindow
from gui.widgets.application import make_application
from gui.widgets.display import check_display
from recordings.annotation.model import Visible
from recordings.review.session import ReviewSession

SWITCH_S = 0.001


def run(
    path: Path,
    hidden: Collection[Visible] = (),
    dress: Callable[[ReviewWindow], object] = lambda window: None,
) -> int:
    """Show the window until it is closed; gives the exit code.

    `dress` gets the window before it is shown: to put a pane into it.

    Raises:
        RecordingError: it is no session, or cannot be read.
    """
    session = ReviewSession(path, hidden)
    check_display("`unisono check` and `unisono export video` work without one")
    # Between threads that decode and read: a key waits no 5 ms for the interpreter.
    sys.setswitchinterval(SWITCH_S)
    application = make_application()
    window = ReviewWindow(session, Path(user_cache_dir("unisono")) / "review")
    dress(window)
    window.show()
    return application.exec()
