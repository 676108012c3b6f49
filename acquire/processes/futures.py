"""What is done together: futures, and steps that each take a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def all_at_once(steps: Iterable[Callable[[], object]]) -> None:
    """Do them at the same time, each in a thread of its own, and wait for all."""
    threads = [threading.Thread(target=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def joined(parts: Sequence[Future[T]]) -> Future[list[T]]:
    """Give one future for several that never fail: done with the last of them, at once for none."""
    whole: Future[list[T]] = Future()
    lock = threading.Lock()  # parts are completed by threads of their own, two of them at once
    missing = len(parts)

    def one_is_done(_: object) -> None:
        nonlocal missing
        with lock:
            missing -= 1
            is_last = missing == 0
        if is_last:
            whole.set_result([part.result() for part in parts])

    if not parts:
        whole.set_result([])
    for part in parts:
        part.add_done_callback(one_is_done)
    return whole
