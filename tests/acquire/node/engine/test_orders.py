"""Orders that wait for a node: in order, each until it was taken, the momentary ones never."""

from __future__ import annotations

import threading

import pytest

from acquire.errors import ControlError
from acquire.node.engine import orders
from acquire.node.engine.orders import BATCH, Order, OrderQueue


def order(number: int, *, momentary: bool = False) -> Order:
    return Order("face", number, momentary, b"{}")


def numbers(batch: list[Order]) -> list[int]:
    return [one.number for one in batch]


def test_what_was_not_taken_is_given_out_again_and_in_order() -> None:
    queue = OrderQueue("cam-pc")
    for number in range(BATCH + 1):
        queue.put(order(number))
    queue.release()
    first = queue.next_batch()
    assert numbers(first) == numbers(queue.next_batch()) == list(range(BATCH))
    queue.taken(first)
    assert numbers(queue.next_batch()) == [BATCH]


def test_while_the_node_is_away_nothing_leaves_and_only_the_momentary_is_refused() -> None:
    queue = OrderQueue("cam-pc")
    assert not queue.put(order(1, momentary=True))
    queue.release()
    assert queue.put(order(2, momentary=True))
    assert queue.put(order(3))
    assert numbers(queue.hold()) == [2]
    given: list[list[Order]] = []
    waiting = threading.Thread(target=lambda: given.append(queue.next_batch()))
    waiting.start()
    assert queue.put(order(4))
    assert given == []
    queue.release()
    waiting.join(60)
    assert numbers(given[0]) == [3, 4]


def test_what_the_node_took_while_all_was_forgotten_takes_nothing_newer_along() -> None:
    queue = OrderQueue("cam-pc")
    queue.release()
    queue.put(order(1))
    sent = queue.next_batch()
    queue.forget()
    queue.put(order(1))  # of the next run, with the same number
    queue.taken(sent)
    assert numbers(queue.next_batch()) == [1]


def test_the_end_waits_for_what_can_leave_and_for_nothing_else() -> None:
    queue = OrderQueue("cam-pc")
    queue.put(order(1))
    queue.end(60)  # nothing leaves: not waited for
    assert queue.next_batch() == []
    queue = OrderQueue("cam-pc")
    queue.release()
    queue.put(order(1))
    ending = threading.Thread(target=queue.end, args=(600,), daemon=True)
    ending.start()
    queue.taken(queue.next_batch())
    ending.join(60)
    assert not ending.is_alive()
    assert queue.next_batch() == []


def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MAX_WAITING", 2)
    queue = OrderQueue("cam-pc")
    queue.put(order(1))
    queue.put(order(2))
    with pytest.raises(ControlError, match="2 orders wait for node cam-pc; see its cable"):
        queue.put(order(3))
