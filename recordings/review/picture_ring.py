"""Pictures of one camera, decoded ahead in a thread of their own and kept while there is room.

A picture is only ever given by its number: whoever asks gets that one, or none yet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recordings.errors import RecordingError
from recordings.review.read_ahead import block_size, farthest, reading_order
from recordings.video.pixel_formats import Picture

BUDGET_BYTES = 160_000_000
"""For the rings of all cameras together, as the pictures come out of the files."""

REST_S = 0.05
"""After a jump, before its block is decoded: while a cursor is dragged the next one is near, and a
picture that is being decoded cannot be left."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of a picture: why there is none."""

    text: str


Kept = Picture | Unreadable


class PictureRing:
    """Decodes what is asked for, and then what will be.

    Args:
        read: gives picture k, or raises RecordingError; called by the ring's thread alone.
        count: pictures that there are.
        picture_bytes: of one.
        budget_bytes: for all that are kept; one picture is, however large.
        gop: frames from key frame to key frame.
        leaps: any picture is read as fast as the one after the last.
        tell: called by the ring's thread with the number of each picture that was asked for.
    """

    def __init__(
        self,
        read: Callable[[int], Picture],
        count: int,
        picture_bytes: int,
        budget_bytes: int,
        tell: Callable[[int], None] = lambda _: None,
        gop: int = 1,
        *,
        leaps: bool = False,
    ) -> None:
        self._read, self._count, self._tell = read, count, tell
        self.room = max(1, budget_bytes // max(1, picture_bytes))
        self._from_key, self._leaps = 1 < gop <= self.room, leaps
        self.block = gop if self._from_key else block_size(self.room)
        self._kept: dict[int, Kept] = {}
        self._wish: tuple[int, int] | None = None
        self._closed = False
        # One lock for wish and pictures; the thread holds it never while it decodes.
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="review pictures", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        with self._changed:
            return len(self._kept)

    def get(self, k: int, step: int = 0, wait_s: float = 0.0) -> Kept | None:
        """Give picture `k`; None where it is still to be decoded after `wait_s`.

        `step` is how far the next one will be. What is asked for last is decoded first.
        """
        with self._changed:
            if self._wish != (k, step):
                self._wish = k, step
                self._changed.notify_all()
            if wait_s > 0:
                self._changed.wait_for(lambda: k in self._kept or self._closed, wait_s)
            return self._kept.get(k)

    def close(self) -> None:
        """End the thread; it finishes the picture that it is at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()  # it reads from files that are closed next
        self._kept.clear()

    def _work(self) -> None:
        wish: tuple[int, int] | None = None
        while (wish := self._next_wish(wish)) is not None:
            for k in self._order(*wish):
                if not self._is_wanted(wish):
                    break
                self._fetch(k, wish)
                self._tell_if_wanted(k)
                if wish == (k, 0):
                    self._rest(wish)

    def _order(self, k: int, step: int) -> Iterator[int]:
        goes_on = 2 * self.block <= self.room
        return reading_order(
            *(k, step, self.block, self._count),
            from_key=self._from_key,
            goes_on=goes_on,
            leaps=self._leaps,
        )

    def _next_wish(self, done: tuple[int, int] | None) -> tuple[int, int] | None:
        """Wait for another wish; None where there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wish != done)
            return None if self._closed else self._wish

    def _rest(self, wish: tuple[int, int]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wish != wish, REST_S)

    def _is_wanted(self, wish: tuple[int, int]) -> bool:
        with self._changed:
            return not self._closed and self._wish == wish

    def _fetch(self, k: int, wish: tuple[int, int]) -> None:
        with self._changed:
            if k in self._kept:
                return
        picture: Kept
        try:
            picture = self._read(k)
        except (RecordingError, OSError, ValueError, MemoryError) as error:
            picture = Unreadable(str(error))
        with self._changed:
            self._kept[k] = picture
            while len(self._kept) > self.room:
                self._kept.pop(farthest(iter(self._kept), *(self._wish or wish)))
            self._changed.notify_all()

    def _tell_if_wanted(self, k: int) -> None:
        """Tell of what is asked for now: it may have come as part of an earlier wish."""
        with self._changed:
            wanted = self._wish is not None and self._wish[0] == k
        if wanted:
            self._tell(k)
