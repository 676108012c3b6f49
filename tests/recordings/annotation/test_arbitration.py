"""Disagreements, worst first; decisions that keep who made them, and fall when an event changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.annotation.agreement.arbitration import cases, settled, undecided
from recordings.annotation.coder_file import Who
from recordings.annotation.model import Choice
from recordings.annotation.store import CodingStore
from tests.recordings.annotation.coded import coding, event

FIRST = [
    event("a1", 10, 14, 19, "4", "disgust"),
    event("a2", 100, 120, 139, "12", "happy"),
    event("a3", 200, 205, 219, "1+2", "surprise"),
    event("a4", 300, 310, 339, "14", "sad"),
    event("a5", 400, 410, 439, "4", "angry"),
    event("a6", 900, 910, 939, "4", "angry"),  # where the second did not look
]
SECOND = [
    event("b1", 12, 15, 21, "4", "disgust"),  # agrees within five frames
    event("b2", 100, 120, 139, "6+12", "happy"),
    event("b3", 200, 205, 229, "1+2", "surprise"),
    event("b5", 400, 410, 439, "4", "disgust"),
]
CODERS = ("anna", "ben")
CHOICES: tuple[Choice, ...] = ("neither", "second", "third", "first", "agreed", "alone")


def test_disagreements_come_worst_first() -> None:
    found = cases(coding(FIRST), coding(SECOND, looked=(0, 799)), "face")
    told = [(c.first and c.first.id, c.second and c.second.id, c.reasons, c.alone) for c in found]
    assert told == [
        ("a4", None, ("missing",), False),
        ("a5", "b5", ("emotion",), False),
        ("a2", "b2", ("units",), False),
        ("a3", "b3", ("boundary",), False),
        ("a1", "b1", (), False),
        ("a6", None, (), True),
    ]


def test_decisions_are_kept_with_who_made_them(tmp_path: Path) -> None:
    first, second = coding(FIRST), coding(SECOND, looked=(0, 799))
    found = cases(first, second, "face")
    third = event("x", 100, 119, 139, "L12", "happy")
    with CodingStore(tmp_path, Who("consensus")) as store:
        for case, choice in zip(found, CHOICES, strict=True):
            store.put_decision(*settled(case, CODERS, choice, "cleo", third))
        assert undecided(found, store.coding.decisions.values()) == []
    with CodingStore(tmp_path, Who("consensus")) as store:
        kept = store.coding
        assert len(kept.decisions) == 6
        assert {d.by for d in kept.decisions.values()} == {"cleo"}
        emotions = {e.place.frame: e.emotion for e in kept.events.values() if e.place}
        assert emotions == {
            14: "disgust",
            119: "happy",
            205: "surprise",
            410: "disgust",
            910: "angry",
        }
        store.undo()  # the last decision, with its event
        assert (len(store.coding.decisions), len(store.coding.events)) == (5, 4)
        store.redo()
        again = settled(found[0], CODERS, "first", "cleo")
        store.put_decision(*again)  # another mind about it
        assert len(store.coding.events) == 6
        store.put_decision(*settled(found[0], CODERS, "neither", "cleo"))
        assert len(store.coding.events) == 5


def test_what_the_other_looked_at_is_missing_there_whatever_was_marked_by_who_has_it() -> None:
    own, none = coding(FIRST[:1], looked=(900, 999)), coding([])
    seen = coding([], looked=(900, 999))
    assert [c.reasons for c in cases(own, none, "face")] == [("missing",)]
    assert [c.reasons for c in cases(none, own, "face")] == [("missing",)]
    assert [c.alone for c in cases(own, seen, "face")] == [True]
    hidden = coding([], not_codable=(0, 99))
    assert [c.alone for c in cases(own, hidden, "face")] == [True]


def test_a_decision_falls_when_an_event_was_changed_after_it() -> None:
    second = coding(SECOND)
    found = cases(coding(FIRST), second, "face")
    decisions = [
        settled(case, CODERS, "first" if case.first else "second", "cleo")[0]
        for case in found
        if case.reasons
    ]
    changed = [event("b2", 100, 120, 139, "7+12", "happy") if e.id == "b2" else e for e in SECOND]
    again = cases(coding(FIRST), coding(changed), "face")
    left = [case for case in undecided(again, decisions) if case.reasons]
    assert [case.second and case.second.id for case in left] == ["b2"]


def test_what_is_not_there_cannot_be_kept() -> None:
    missing, *_, agreed = cases(coding(FIRST[:4]), coding(SECOND[:3]), "face")
    with pytest.raises(ValueError, match="no second event"):
        settled(missing, CODERS, "second", "cleo")
    with pytest.raises(ValueError, match="no third event"):
        settled(missing, CODERS, "third", "cleo")
    with pytest.raises(ValueError, match="this is not agreed: missing"):
        settled(missing, CODERS, "agreed", "cleo")
    with pytest.raises(ValueError, match="this is not alone: agreed"):
        settled(agreed, CODERS, "alone", "cleo")
