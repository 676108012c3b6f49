"""Processes of this computer, each on its own: one that is killed costs its item one try."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

from recordings.engines.work import TRIES, Lost, R, T, Work, one_thread


@dataclass(frozen=True, slots=True)
class Here:
    """This process, one item after another: what kills one ends all."""

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`."""
        for item in items:
            yield item, work.function(item)


@dataclass(frozen=True, slots=True)
class Processes:
    """So many processes; none outlives `run`."""

    jobs: int

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`."""
        waiting = deque((item, 1) for item in items)
        # A pool of one each: of a larger one all items are lost when one process is killed.
        idle = [_pool() for _ in range(max(1, min(self.jobs, len(items))))]
        running: dict[Future[R], tuple[T, int, ProcessPoolExecutor]] = {}
        try:
            while waiting or running:
                while idle and waiting:
                    item, tries = waiting.popleft()
                    future, pool = _submit(idle.pop(), work, item)
                    running[future] = item, tries, pool
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    item, tries, pool = running.pop(future)
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        pool.shutdown(wait=True)
                        idle.append(_pool())
                        if tries < TRIES:
                            waiting.append((item, tries + 1))
                        else:
                            yield item, Lost(_killed(tries))
                        continue
                    idle.append(pool)
                    yield item, result
        finally:
            for pool in (*idle, *(pool for *_, pool in running.values())):
                pool.shutdown(wait=True, cancel_futures=True)


def _submit(
    pool: ProcessPoolExecutor, work: Work[T, R], item: T
) -> tuple[Future[R], ProcessPoolExecutor]:
    """Give an item to a process; to another one, if it was ended while it rested."""
    while True:
        try:
            with one_thread(), _no_interrupt():  # the process is started by its first item
                return pool.submit(work.function, item), pool
        except BrokenProcessPool:
            pool.shutdown(wait=True)
            pool = _pool()


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Keep a Ctrl-C from a process that is started meanwhile: it would end in its imports, loudly.

    What is blocked is inherited and, unlike what is ignored, not lost to this process. Windows has
    no such thing.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _killed(tries: int) -> str:
    return (
        f"its process was ended from outside {tries} times, perhaps for want of memory; "
        "try --jobs 1"
    )


def _pool() -> ProcessPoolExecutor:
    # Spawned: a fork of a process with threads may hang, and no platform but Linux has it.
    context: Any = get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_follow_the_parent)


def _follow_the_parent() -> None:
    """Let the parent alone decide what a Ctrl-C ends, which reaches all; and end when it has ended.

    A process of a pool whose parent was killed would go on with its item, and then wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (parent := parent_process()) is not None:
        Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
