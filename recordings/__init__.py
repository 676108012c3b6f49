"""Everything about files: XDF, video, manifest, check, report, reading, export, models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recordings.dataset.study import load_study as load_study
    from recordings.read.session import open_session as open_session


def __getattr__(name: str) -> Any:
    # Loaded when asked for: a camera's process needs a part of this package, and starts sooner so.
    if name == "open_session":
        from recordings.read.session import open_session

        return open_session
    if name == "load_study":
        from recordings.dataset.study import load_study

        return load_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
