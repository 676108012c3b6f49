"""What the fields of a manifest may hold: what becomes a path, a time or a table of the rig."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from recordings.errors import RecordingError
from recordings.names import check_file_name, check_label, check_study


def _checked(check: Callable[[str], str]) -> AfterValidator:
    def checked(name: str) -> str:
        try:
            return check(name)
        except RecordingError as error:
            raise ValueError(str(error)) from error

    return AfterValidator(checked)


# Exports and the review make paths of these: what leads out of a folder is none.
FileName = Annotated[str, _checked(check_file_name)]
StudyName = Annotated[str, _checked(check_study)]
Participant = Annotated[str, _checked(partial(check_label, "participant"))]
SessionLabel = Annotated[str, _checked(partial(check_label, "session"))]
Task = Annotated[str, _checked(partial(check_label, "task"))]

Finite = Annotated[float, Field(allow_inf_nan=False)]


def _moment(utc: str) -> str:
    datetime.fromisoformat(utc)  # its ValueError says what is wrong
    return utc


Moment = Annotated[str, AfterValidator(_moment)]
"""ISO 8601."""


def _tables(rig: dict[str, Any]) -> dict[str, Any]:
    """Refuse a rig whose tables are none: its devices are looked up everywhere."""
    for key, is_list in (("rig", False), ("eeg", False), ("device", True), ("node", True)):
        found = rig.get(key) or ([] if is_list else {})
        entries = found if is_list else [found]
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise ValueError(f"{key}: is no {'list of tables' if is_list else 'table'}")
    return rig


RigTables = Annotated[dict[str, Any], AfterValidator(_tables)]
"""What a rig file says; of another key than these there is nothing to be known."""
