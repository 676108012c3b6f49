"""Files hashed block by block, with a way to rest and to stop."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from recordings.disk.hashing import sha256_of


class Stopped(Exception):
    """Whoever waits for the hash has gone."""


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (5 << 20) + 17])
def test_the_hash_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.nut"
    path.write_bytes(data := bytes(range(251)) * (size // 251) + bytes(size % 251))
    assert sha256_of(path) == hashlib.sha256(data).hexdigest()


def test_it_rests_between_blocks_and_stops_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    path.write_bytes(bytes(3 << 20))
    rests: list[int] = []

    def rest_twice() -> None:
        rests.append(len(rests))
        if len(rests) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        sha256_of(path, between=rest_twice)
    assert len(rests) == 2
    assert sha256_of(path, between=lambda: None) == hashlib.sha256(bytes(3 << 20)).hexdigest()
