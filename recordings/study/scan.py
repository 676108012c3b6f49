"""The facts of all sessions of a study: read where something has changed, else remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from recordings.read.sessions import study_places
from recordings.study.facts import Facts, exports_stamp, limits_stamp, plan_stamp, stamp
from recordings.study.ledger import Ledger


def scan(
    root: Path, ledger: Ledger, annotations: Path | None = None, *, wait: bool = False
) -> list[Facts]:
    """Return the facts of each session, by folder, and remember them.

    `annotations`: where coders' files lie, if not in the sessions.

    Raises:
        RecordingError: with `wait`, they cannot be stored; `annotations` is no folder, or two
            sessions of one name would have the same files in it.
    """
    places = study_places(root)
    if annotations is not None:
        annotations = annotations.absolute()
        _check(annotations, places)
    known = ledger.sessions()
    found: list[Facts] = []
    changed: list[tuple[str, str, str]] = []
    limits: dict[str, str] = {}
    plans: dict[str, str] = {}
    for folder in places:
        where = folder[len(str(root)) :].lstrip(os.sep).replace(os.sep, "/") or "."
        # Before anything is read: what changes meanwhile is read again.
        above = f"{limits_stamp(folder, limits)}\n{plan_stamp(folder, plans)}"
        now = f"{stamp(folder, annotations)}\n{above}"
        facts = _remembered(now, *known.pop(where, ("", "")))
        if facts is None:
            from recordings.study.reading import read_facts

            facts = read_facts(root, Path(folder), annotations)
            changed.append((where, now + "\n\n" + exports_stamp(facts), facts.to_json()))
        found.append(facts)
    if changed or known:
        ledger.store(changed, known, wait=wait)
    return found


def _check(annotations: Path, places: Iterable[str]) -> None:
    from recordings.annotation.coder_file import check_apart, check_folder

    check_folder(annotations)
    check_apart(map(Path, places), annotations)


def _remembered(now: str, before: str, text: str) -> Facts | None:
    """Return the facts as they were stored, if they still hold.

    What was being recorded is read again: whether it still is, no file says. So is what had lost
    files: they may be links to what was not here.
    """
    if not text:
        return None
    try:
        facts = Facts.from_json(text)
    except (ValueError, TypeError, KeyError, AttributeError):  # of an earlier form, or damaged
        return None
    if facts.being_recorded or facts.gone or now + "\n\n" + exports_stamp(facts) != before:
        return None
    return facts
