"""How far the coders of a study agree, pair by pair, and how far each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

from recordings.annotation.agreement.coded_study import CodedSession
from recordings.annotation.agreement.comparison import Agreement, Comparison, compare, measure
from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.agreement.pairing import looked
from recordings.annotation.coder_file import CONSENSUS
from recordings.annotation.plan import Plan
from recordings.annotation.ranges import count
from recordings.errors import RecordingError
from recordings.layout import PLAN_NAME
from recordings.manifest_entries import Frozen

Relation = Literal["two coders", "same coder again", "against gold"]


class PairAgreement(Frozen):
    """The agreement of two coders in one session, or in all ("")."""

    first: str
    second: str
    relation: Relation
    session: str
    agreement: Agreement


class Progress(Frozen):
    """How much of a session a coder has looked at, in frames, and how many events there are."""

    coder: str
    session: str
    looked: Ratio
    events: int


class StudyAgreement(Frozen):
    """Everything of a study; `problems` are files that could not be read, `notes` what is odd."""

    pairs: tuple[PairAgreement, ...] = ()
    progress: tuple[Progress, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def study_agreement(
    sessions: Sequence[CodedSession], plan: Plan | None = None, problems: Iterable[str] = ()
) -> StudyAgreement:
    """Return the agreement of all coders that share frames, by session and altogether."""
    by_pair: dict[tuple[str, str, Relation], dict[str, list[Comparison]]] = {}
    sessions = [_as_planned(session, plan) for session in sessions]
    for session in sessions:
        for first, second, relation in _relations(session.codings, plan):
            found = _compared(session, first, second)
            if found:
                by_pair.setdefault((first, second, relation), {})[session.name] = found
    rows: list[PairAgreement] = []
    for (first, second, relation), where in sorted(by_pair.items()):
        parts = {"": [c for found in where.values() for c in found], **where}
        rows += [
            PairAgreement(
                first=first, second=second, relation=relation, session=name, agreement=measure(part)
            )
            for name, part in parts.items()
        ]
    return StudyAgreement(
        pairs=tuple(rows),
        progress=tuple(_progress(sessions)),
        problems=tuple(problems),
        notes=tuple(note for session in sessions for note in session.notes),
    )


def _as_planned(session: CodedSession, plan: Plan | None) -> CodedSession:
    """Return a session with what was coded on the cameras that the plan has coded, and a note."""
    if plan is None or not plan.cameras:
        return session
    notes = [
        f"{session.name}: what {coder} coded on {', '.join(others)} is left out: {PLAN_NAME} has "
        f"{', '.join(plan.cameras)} coded"
        for coder, coding in session.codings.items()
        if (others := [camera for camera in coding.cameras if not plan.codes(camera)])
    ]
    try:
        plan.coded(tuple(session.frames))
    except RecordingError as error:
        notes.append(f"{session.name}: {error}")
    codings = {coder: coding.of_cameras(plan.cameras) for coder, coding in session.codings.items()}
    return replace(session, codings=codings, notes=(*session.notes, *notes))


def _compared(session: CodedSession, first: str, second: str) -> list[Comparison]:
    a, b = session.codings[first], session.codings[second]
    cameras = sorted({*a.cameras, *b.cameras})
    found = (compare(a, b, camera, session.start) for camera in cameras)
    return [comparison for comparison in found if comparison.frames]


def _relations(coders: Iterable[str], plan: Plan | None) -> Iterable[tuple[str, str, Relation]]:
    """Pair coders: everybody with everybody, a repeat with its first time, trainees with gold."""
    gold, trainees = (plan.gold, plan.trainees) if plan else ("", ())
    names = sorted(name for name in coders if name != CONSENSUS)
    for first, second in combinations(names, 2):
        again = second.partition("+")[0] == first and "+" in second
        if again:
            yield first, second, "same coder again"
        elif "+" in first or "+" in second:
            continue
        elif gold and gold in (first, second):
            yield gold, second if first == gold else first, "against gold"
        elif not {first, second} & set(trainees):
            yield first, second, "two coders"


def _progress(sessions: Iterable[CodedSession]) -> Iterable[Progress]:
    for session in sessions:
        for coder, coding in session.codings.items():
            if coder == CONSENSUS:
                continue
            cameras = [c for c in coding.cameras if c in session.frames]
            seen = sum(count(looked(coding, camera)) for camera in cameras)
            every = sum(session.frames[camera] for camera in cameras)
            share = Ratio(count=min(seen, every), of=every)
            events = len(coding.events)
            yield Progress(coder=coder, session=session.name, looked=share, events=events)
