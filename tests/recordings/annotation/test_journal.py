"""The journal: what was edited is there, taken back without limit, or named as damaged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.annotation.journal import Change, Damaged, Entry, History, entries, line, replayed
from recordings.annotation.model import Coding, Event
from tests.recordings.annotation.coded import event

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.sampled_from(["undo", "redo"]), st.just(""), st.just(0)),
    ),
    max_size=40,
)


def played(steps: list[tuple[str, str, int]]) -> tuple[History, list[Entry], list[Coding]]:
    """The history after these steps, its entries, and what an own stack of states says."""
    history, log = History(), list[Entry]()
    past, future = [Coding()], list[Coding]()
    for what, id_, onset in steps:
        before = history.coding.events.get(id_)
        if what == "undo" and history.done:
            entry = history.next("undo")
            future.append(past.pop())
        elif what == "redo" and history.undone:
            entry = history.next("redo")
            past.append(future.pop())
        elif what == "put" or (what == "remove" and before):
            after = event(id_, onset, None, None) if what == "put" else None
            entry = history.next("edit", [Change(shelf="events", before=before, after=after)])
            events = {k: v for k, v in past[-1].events.items() if k != id_}
            past.append(Coding(events=events | ({id_: after} if after else {})))
            future = []
        else:
            continue
        log.append(entry)
        history = history.after(entry)
    return history, log, past


@given(STEPS)
@settings(deadline=None)
def test_the_state_is_that_of_a_stack_of_states(steps: list[tuple[str, str, int]]) -> None:
    history, _, past = played(steps)
    assert history.coding == past[-1]
    while history.done:
        history = history.after(history.next("undo"))
        past.pop()
        assert history.coding == past[-1]
    assert history.coding == Coding()


@given(STEPS, st.data())
@settings(deadline=None)
def test_a_journal_cut_anywhere_is_the_entries_before_the_cut(
    steps: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    _, log, _ = played(steps)
    lines = [line(entry) for entry in log]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    found, used = entries(whole[:cut])
    count = sum(len(b"".join(lines[: n + 1])) <= cut for n in range(len(lines)))
    assert found == log[:count]
    assert used == len(b"".join(lines[:count]))


@given(STEPS.filter(bool), st.data())
@settings(deadline=None)
def test_a_byte_that_is_another_is_damage_or_a_cut(
    steps: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    _, log, _ = played(steps)
    whole = bytearray(b"".join(map(line, log)))
    if not whole:
        return
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        found, used = entries(bytes(whole))
    except Damaged:
        return
    assert used < len(whole)  # the last line feed is gone: taken for a cut
    assert found == log[:-1]


@given(STEPS, st.integers(0, 40))
@settings(deadline=None)
def test_entries_that_the_file_has_already_are_passed_over(
    steps: list[tuple[str, str, int]], kept: int
) -> None:
    history, log, _ = played(steps)
    middle = replayed(History(), log[:kept])
    assert replayed(middle, log) == history
    assert replayed(middle, log[kept:]) == history


def test_a_missing_entry_is_damage() -> None:
    edit = Change(shelf="events", after=Event(id="a", camera="face"))
    log = [Entry(n=n, at="now", changes=(edit,)) for n in (1, 2, 3)]
    with pytest.raises(Damaged, match="entry 3 follows entry 1"):
        replayed(History(), [log[0], log[2]])
    with pytest.raises(Damaged, match="nothing to undo"):
        History().after(Entry(n=1, at="now", does="undo"))


def test_a_journal_of_another_computer_is_damage_not_passed_over() -> None:
    """A program that keeps folders alike had put a later file beside it: its edits were lost."""
    edit = Change(shelf="events", after=Event(id="a", camera="face"))
    ours, theirs = (
        [Entry(n=n, at=at, changes=(edit,)) for n in (1, 2)] for at in ("here", "there")
    )
    file = replayed(History(), theirs)
    assert replayed(file, theirs) == file
    with pytest.raises(Damaged, match="its entry 1 is another than that of the file"):
        replayed(file, ours)
