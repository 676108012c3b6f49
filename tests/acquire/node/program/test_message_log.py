"""What devices say waits for the engine: in order, once, and losses never get lost."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from acquire.node.program.message_log import MAX_AT_ONCE, MessageLog
from acquire.processes.messages import Answer, HostEvent, Loss


def event(text: str) -> HostEvent:
    return HostEvent(0.0, "info", "x", text)


def test_what_was_not_heard_comes_again() -> None:
    log = MessageLog()
    for number in (1, 2, 3):
        log.add("face", Answer(number))
    first = log.after(0)
    assert [e.n for e in first.entries] == [1, 2, 3]
    assert log.after(0) == first  # the answer was lost on the way
    assert [e.message for e in log.after(2).entries] == [Answer(3)]
    assert log.after(3).entries == ()


def test_an_engine_cannot_let_go_of_what_it_has_not_seen() -> None:
    log = MessageLog()
    log.add("face", Answer(1))
    assert log.after(99).entries == ()
    assert [e.n for e in log.after(0).entries] == [1]


def test_the_wait_ends_with_a_message() -> None:
    log = MessageLog()
    timer = threading.Timer(0.05, log.add, ("face", Answer(1)))
    timer.start()
    assert len(log.after(0, 60.0).entries) == 1
    timer.join()


def test_the_wait_ends_with_the_log() -> None:
    log = MessageLog()
    timer = threading.Timer(0.05, log.close)
    timer.start()
    assert log.after(0, 60.0).entries == ()
    timer.join()


def test_many_come_in_pieces() -> None:
    log = MessageLog()
    for number in range(2 * MAX_AT_ONCE + 1):
        log.add("face", Answer(number))
    heard, after = 0, 0
    while entries := log.after(after).entries:
        assert len(entries) <= MAX_AT_ONCE
        heard, after = heard + len(entries), entries[-1].n
    assert heard == 2 * MAX_AT_ONCE + 1


said = st.one_of(
    st.builds(Answer, st.integers(0, 1000)),
    st.builds(event, st.text(max_size=3)),
    st.builds(Loss, st.sampled_from("ab"), st.floats(0, 10), st.integers(1, 5)),
)
steps = st.lists(st.tuples(st.sampled_from(["face", "side"]), said) | st.none(), max_size=60)


@given(steps, st.integers(1, 8))
def test_a_full_log_loses_no_answer_and_no_loss(steps: list[object], most: int) -> None:
    """However full it is when somebody listens (None); events that are gone are counted."""
    log = MessageLog(most)
    heard: dict[int, tuple[str, object]] = {}
    told = []
    after = 0
    for step in [*steps, None]:
        if isinstance(step, tuple):
            told.append(step)
            log.add(*step)
            continue
        batch = log.after(after)
        for entry in batch.entries:
            assert entry.n not in heard
            heard[entry.n] = (entry.device, entry.message)
            after = entry.n
    messages = [message for _, message in heard.values()]

    def losses(pairs: list[tuple[str, object]]) -> dict[tuple[str, str], int]:
        sums: dict[tuple[str, str], int] = {}
        for device, message in pairs:
            if isinstance(message, Loss):
                key = device, message.stream
                sums[key] = sums.get(key, 0) + message.count
        return sums

    assert losses(list(heard.values())) == losses(told)
    answers = [m for _, m in told if isinstance(m, Answer)]
    assert [m for m in messages if isinstance(m, Answer)] == answers
    events = sum(isinstance(m, HostEvent) for _, m in told)
    assert sum(isinstance(m, HostEvent) for m in messages) + batch.dropped == events
