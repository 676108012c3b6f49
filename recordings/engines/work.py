"""What is done with each item, and who does it.

Whatever runs it, the same function gets the same item: three engines, one result.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

TRIES: Final = 4
"""So often is an item begun whose worker is ended from outside; then it is given up."""


@dataclass(frozen=True, slots=True)
class Work(Generic[T, R_co]):
    """A function of one item that raises nothing: what goes wrong is in its result.

    Both sides are frozen dataclasses of what JSON can hold; the function is at the top of a module.
    """

    name: str
    function: Callable[[T], R_co]
    item: type[T]
    result: type[R_co]


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no result; the reason names the remedy."""

    reason: str


class Engine(Protocol):
    """Who does the work."""

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """Yield each item with what came of it, in the order in which they are done.

        Raises:
            RecordingError: there is nobody to do it.
        """


_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
ONE_THREAD: Final = dict.fromkeys(_THREADS, "1")
"""What keeps the libraries of linear algebra to one thread: sums then have one order."""


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Have processes that are started meanwhile compute with one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
