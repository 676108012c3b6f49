"""Who codes what in a study: its sessions or trials, dealt out by `coding.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from recordings import layout
from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.agreement.progress import due_of, left
from recordings.annotation.coder_file import check_apart
from recordings.annotation.plan import Item, Plan, Turn, assigned, load_plan
from recordings.errors import RecordingError
from recordings.export.excerpts import clips_of
from recordings.manifest import Manifest
from recordings.manifest_entries import ClockPair
from recordings.read.session import open_session
from recordings.read.sessions import find_sessions, told_apart
from recordings.read.usable import manifests_of, recorded_twice

By = Literal["session", "trial"]
Key = tuple[str, int]
"""The name of a session's folder, and which one of that name it is."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One turn, and the session that it is about; `name` tells it from all others of the study."""

    turn: Turn
    session: Path
    name: str


@dataclass(frozen=True, slots=True)
class Turns:
    """What a coder has to code, in that coder's order; `problems`: what of it cannot be read.

    Such a session keeps its place by the date of its file, so that the others stay dealt out as
    they were. Its trials cannot be counted: by trials, those recorded after it may be dealt out
    otherwise until it can be read, and its problem says so.
    """

    coded: tuple[Coded, ...]
    problems: tuple[str, ...]


def turns_of(study: Path, coder: str, by: By, annotations: Path | None = None) -> Turns:
    """Return what a coder has to code.

    Raises:
        RecordingError: there is no plan, or it does not name the coder; or two sessions of one
            name would have the same files in `annotations`.
    """
    plan = load_plan(study / layout.PLAN_NAME)
    if coder not in (*plan.coders, *plan.trainees):
        known = ", ".join((*plan.coders, *plan.trainees))
        raise RecordingError(
            f"{study / layout.PLAN_NAME}: names no coder {coder!r}; it has {known}"
        )
    unread: dict[Path, str] = {}
    there = find_sessions([study])
    manifests = manifests_of(there)
    twice = recorded_twice(manifests)
    once = [session for session in there if session not in twice]
    dated = {session: _recorded(session, manifests.get(session), unread) for session in once}
    sessions = [s for _, s in sorted((date, s) for s, date in dated.items() if date is not None)]
    check_apart(sessions, annotations)
    names, whose = told_apart(sessions), _numbered(sessions)
    items = {key: _items(session, key, by, unread) for key, session in whose.items()}
    if by == "trial":
        _tell_uncounted(list(whose.values()), unread)
    readable = {key: session for key, session in whose.items() if session not in unread}
    gold = _gold(readable, items, plan.gold, annotations) if coder in plan.trainees else []
    turns = assigned(plan, [item for found in items.values() for item in found], gold)[coder]
    folders = [(turn, whose[turn.item.session, turn.item.nth]) for turn in turns]
    return Turns(
        tuple(Coded(turn, s, names[s]) for turn, s in folders if s not in unread),
        tuple(unread.values()),
    )


def next_session(
    study: Path, coder: str, annotations: Path | None = None
) -> tuple[Coded, str, tuple[str, ...]]:
    """Return the first session of a coder's order that is not looked at yet, and as whom.

    And what cannot be read, and is passed over.

    Raises:
        RecordingError: as `turns_of`, or all is done.
    """
    plan = load_plan(study / layout.PLAN_NAME)
    turns = turns_of(study, coder, "session", annotations)
    problems = list(turns.problems)
    looked = 0
    for coded in turns.coded:
        time = coded.turn.time
        name = coder if time == 1 else f"{coder}+{time}"
        try:
            if not _is_done(plan, coded.session, name, annotations):
                return coded, name, tuple(problems)
            looked += 1
        except RecordingError as error:
            problems.append(str(error))
    readable = " that can be coded" if problems else ""
    done = f"{study}: {coder} has looked at all {looked} sessions of the order{readable}"
    raise RecordingError("; ".join([done, *(f"not read: {problem}" for problem in problems)]))


def _is_done(plan: Plan, session: Path, coder: str, annotations: Path | None) -> bool:
    """Whether nothing is left of the cameras that the plan has coded.

    Raises:
        RecordingError: the session cannot be read, or has none of these cameras.
    """
    videos = Manifest.load(session).videos
    coded = plan.coded([video.name for video in videos])
    try:
        coding = coding_of(session, coder, annotations)
    except RecordingError:  # not begun; a file that is damaged is named once it is opened
        return False
    return not left(coding, due_of(session, [v for v in videos if v.name in coded]))


def _recorded(
    session: Path, manifest: Manifest | None, unread: dict[Path, str]
) -> tuple[str, str] | None:
    """Return when a session was recorded: what is dealt out does not change with the next one.

    None, and why, where there is nothing that says so.
    """
    try:
        clock = (manifest or Manifest.load(session)).clock  # the second says what is wrong
        return clock[0].utc if clock else "", session.name
    except RecordingError as error:
        unread[session] = str(error)
    try:
        written = (session / layout.XDF_NAME).stat().st_mtime
    except OSError:  # no session at all, as far as anybody can see
        return None
    return ClockPair.of(datetime.fromtimestamp(written, UTC), 0.0).utc, session.name


def _numbered(sessions: Iterable[Path]) -> dict[Key, Path]:
    """Return sessions by their name and which one of that name they are, in their order."""
    seen: Counter[str] = Counter()
    found: dict[Key, Path] = {}
    for session in sessions:
        seen[session.name] += 1
        found[session.name, seen[session.name]] = session
    return found


def _items(session: Path, key: Key, by: By, unread: dict[Path, str]) -> list[Item]:
    name, nth = key
    if by == "session":
        return [Item(name, nth=nth)]
    try:
        with open_session(session) as opened:
            return [Item(name, n, nth) for n, _ in enumerate(clips_of(opened), 1)]
    except RecordingError as error:
        unread[session] = str(error)
        return []


def _tell_uncounted(order: Sequence[Path], unread: dict[Path, str]) -> None:
    """Say of each session whose trials cannot be counted what depends on how many there are."""
    for place, session in enumerate(order, 1):
        later = sum(other not in unread for other in order[place:])
        if session in unread and later:
            unread[session] += (
                f"; its trials cannot be counted: until it can be read, those of the {later} "
                "recorded after it may be another coder's; repair it, or take it out of the study"
            )


def _gold(
    sessions: Mapping[Key, Path],
    items: Mapping[Key, Sequence[Item]],
    gold: str,
    annotations: Path | None,
) -> list[Item]:
    """Return what the gold file has: sessions of it, or the trials that it looked at."""
    found: list[Item] = []
    for key, session in sessions.items():
        try:
            coding = coding_of(session, gold, annotations)
        except RecordingError:
            continue  # not every session has a gold file
        trials = {span.trial for span in coding.looked.values()}
        found += [item for item in items[key] if item.trial is None or item.trial in trials]
    return found
