"""A transfer that is slowed down: never faster than it may be, and no slower than it has to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acquire.node.transfer.pace import Pace

RATE = 1e6
MB = 1_000_000
costs = st.lists(st.floats(0, 5), min_size=1, max_size=50)


@given(costs)
def test_never_faster_than_allowed(costs: list[float]) -> None:
    pace, now = Pace(), 100.0
    for cost in costs:
        now += cost
        now += pace.wait_s(MB, RATE, now)
    # What took longer than it may is no credit: but for the first, each megabyte takes its second.
    assert now - 100.0 >= (len(costs) - 1) - 1e-6


@given(st.lists(st.floats(0, 0.99), min_size=1, max_size=50))
def test_what_the_network_has_cost_is_not_waited_for_again(costs: list[float]) -> None:
    pace, now = Pace(), 100.0
    for cost in costs:
        now += cost
        now += pace.wait_s(MB, RATE, now)
    assert now - 100.0 <= len(costs) + 1e-6


def test_a_rest_is_not_made_up_for_by_a_burst() -> None:
    pace = Pace()
    pace.wait_s(MB, RATE, 100.0)
    assert pace.wait_s(MB, RATE, 500.0) == 0.0
    assert pace.wait_s(MB, RATE, 500.0) == 1.0
