"""What two coders disagree about, worst first, and what is decided. Pure; a store keeps it.

for case in cases(anna, ben, "face"):
    if not case.reasons:                          # nothing to decide
        decision, event = settled(case, coders, case.uncontested, by="cleo")
    store.put_decision(decision, event)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from recordings.annotation.agreement.pairing import judged, lies_in, pair_events
from recordings.annotation.journal import Change
from recordings.annotation.model import MARKS, Choice, Coding, Decision, Event, Span
from recordings.annotation.ranges import union
from recordings.errors import RecordingError

Reason = Literal["missing", "kind", "emotion", "units", "boundary"]
REASONS: Final[tuple[Reason, ...]] = ("missing", "kind", "emotion", "units", "boundary")
"""From worst to least."""
FAR_FRAMES: Final = 5
"""Boundaries that are further apart are disagreed about."""


@dataclass(frozen=True, slots=True)
class Case:
    """A pair of events, or an event of one coder; `reasons` are empty where both agree.

    `alone`: the other coder did not look there.
    """

    first: Event | None
    second: Event | None
    reasons: tuple[Reason, ...] = ()
    alone: bool = False

    @property
    def id(self) -> str:
        """The same for the same events, whatever was changed about them."""
        names = [event.id if event else "" for event in (self.first, self.second)]
        return hashlib.sha256("|".join(names).encode()).hexdigest()[:16]

    @property
    def uncontested(self) -> Choice:
        """How a case is settled that needs no decision."""
        return "alone" if self.alone else "agreed"

    @property
    def frame(self) -> int:
        """Where it is."""
        event = self.first or self.second
        return event.place.frame if event and event.place else -1


def cases(first: Coding, second: Coding, camera: str) -> list[Case]:
    """Return all pairs and lone events of two coders, those to be decided first, worst first."""
    paired = pair_events(first.on(camera), second.on(camera))
    # Who has an event has looked there, whether it was marked or not: what the other did counts.
    by_first, by_second = judged(first, camera), judged(second, camera)
    found = [Case(p.first, p.second, _reasons(p.first, p.second)) for p in paired.pairs]
    found += [_lone(e, None, lies_in(e, by_second)) for e in paired.only_first]
    found += [_lone(None, e, lies_in(e, by_first)) for e in paired.only_second]
    return sorted(found, key=_severity)


def _lone(first: Event | None, second: Event | None, missed: bool) -> Case:
    return Case(first, second, ("missing",) if missed else (), alone=not missed)


def _severity(case: Case) -> tuple[int, int]:
    worst = REASONS.index(case.reasons[0]) if case.reasons else len(REASONS)
    return worst, case.frame


def _reasons(a: Event, b: Event) -> tuple[Reason, ...]:
    differ: dict[Reason, bool] = {
        "kind": a.kind != b.kind,
        "emotion": a.emotion_word != b.emotion_word,
        "units": set(a.units) != set(b.units),
        "boundary": _far(a, b),
    }
    return tuple(reason for reason in REASONS if differ.get(reason))


def _far(a: Event, b: Event) -> bool:
    if a.marks.keys() != b.marks.keys():
        return True
    both = ((a.marks[m].frame, b.marks[m].frame) for m in MARKS if m in a.marks)
    return any(abs(x - y) > FAR_FRAMES for x, y in both)


def undecided(found: Iterable[Case], decisions: Iterable[Decision]) -> list[Case]:
    """Return the cases without a decision, and those whose events were changed after theirs."""
    known = {d.id: d for d in decisions}
    return [case for case in found if not _holds(known.get(case.id), case)]


def _holds(decision: Decision | None, case: Case) -> bool:
    if decision is None:
        return False
    return _says(decision.first, case.first) and _says(decision.second, case.second)


def _says(then: Event | None, now: Event | None) -> bool:
    """Whether an event still says what it did; after a repair its frames have other times."""
    if then is None or now is None:
        return then is now
    return then == now or then.said == now.said


def settled(
    case: Case, coders: tuple[str, str], choice: Choice, by: str, third: Event | None = None
) -> tuple[Decision, Event | None]:
    """Return a decision and the event that the consensus keeps, None for neither.

    Raises:
        ValueError: there is no such event to keep, or a third is to be kept and none is given.
    """
    kept = {
        "first": case.first,
        "second": case.second,
        "third": third,
        "agreed": case.first,
        "alone": case.first or case.second,
        "neither": None,
    }[choice]
    if kept is None and choice != "neither":
        raise ValueError(f"there is no {choice} event to keep")
    if choice in ("agreed", "alone") and (case.reasons or choice != case.uncontested):
        raise ValueError(f"this is not {choice}: {', '.join(case.reasons) or case.uncontested}")
    event = kept.model_copy(update={"id": case.id}) if kept is not None else None
    decision = Decision(
        id=case.id,
        coders=coders,
        first=case.first,
        second=case.second,
        choice=choice,
        by=by,
        event=event.id if event else "",
    )
    return decision, event


def in_order(decisions: Iterable[Decision], coders: tuple[str, str]) -> tuple[str, str]:
    """Return two coders in the order in which a consensus has them, so that a case is one case.

    Raises:
        RecordingError: the consensus is between others: what they agreed on would be there twice.
    """
    for decision in decisions:
        if set(decision.coders) != set(coders):
            first, second = decision.coders
            raise RecordingError(
                f"the consensus of this session is between {first} and {second}; to decide between "
                f"{coders[0]} and {coders[1]}, move consensus.json elsewhere"
            )
        return decision.coders
    return coders


def withdrawn(found: Iterable[Case], consensus: Coding) -> list[Change]:
    """Return the changes that take back decisions whose case there is no longer.

    Coders go on: an event was deleted, or is in a pair with another now, which is a case of its
    own. What was kept of the old one would be there twice, or without any coder who has seen it.
    """
    there = {case.id for case in found}
    gone = [d for d in consensus.decisions.values() if d.id not in there and not is_own(d)]
    kept = (consensus.events.get(decision.event) for decision in gone)
    return [
        *(Change(shelf="decisions", before=decision) for decision in gone),
        *(Change(shelf="events", before=event) for event in kept if event is not None),
    ]


def judged_by_either(first: Coding, second: Coding, consensus: Coding) -> list[Change]:
    """Return the changes after which a consensus holds what at least one coder could judge.

    Without it nobody could tell where the consensus says that nothing was to be seen.
    """
    spans = (
        Span(id=_span_id(camera, start, stop), camera=camera, first=start, last=stop)
        for camera in sorted({*first.cameras, *second.cameras})
        for start, stop in union((*judged(first, camera), *judged(second, camera)))
    )
    wanted = {span.id: span for span in spans}
    known = consensus.looked
    return [
        *(Change(shelf="looked", before=s) for s in known.values() if s.id not in wanted),
        *(Change(shelf="looked", after=s) for s in wanted.values() if s.id not in known),
    ]


def _span_id(camera: str, first: int, last: int) -> str:
    return hashlib.sha256(f"{camera}|{first}|{last}".encode()).hexdigest()[:16]


def is_own(decision: Decision) -> bool:
    """Whether an event is that of who arbitrates alone: neither coder has one there."""
    return decision.first is None and decision.second is None


def revised(known: Decision | None, event: Event, coders: tuple[str, str], by: str) -> Decision:
    """Return the decision after an event of the consensus was edited: a third, by who did it."""
    if known is not None:
        return known.model_copy(update={"choice": "third", "by": by, "event": event.id})
    return Decision(
        id=event.id, coders=coders, first=None, second=None, choice="third", by=by, event=event.id
    )


def dropped(known: Decision | None, by: str) -> Decision | None:
    """Return the decision after its event was deleted; None where there is nothing to decide."""
    if known is None or is_own(known):
        return None
    return known.model_copy(update={"choice": "neither", "by": by, "event": ""})
