"""Whoever waits for hashes at the end is told for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from acquire.take import hashing
from acquire.take.hashing import Hashing
from acquire.take.take import Take
from recordings.manifest_entries import FileEntry
from tests.acquire.program import wait_for


@dataclass
class Folder:
    """A take with a file, whose hash is ready when the test says so."""

    path: Path
    go: threading.Event = field(default_factory=threading.Event)
    hashed: threading.Event = field(default_factory=threading.Event)

    @property
    def folder(self) -> Any:
        return self

    @property
    def manifest(self) -> Any:
        return self

    @property
    def files(self) -> list[FileEntry]:
        return [FileEntry(path=name) for name in ("face.nut", "recording.xdf", "gone.tsv")]

    def hash_files(self, known: Mapping[str, str], between: Callable[[], None]) -> None:
        self.go.wait(60)


def test_the_end_says_how_much_is_to_be_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "WORTH_TELLING", 2.5e9)
    told: list[str] = []
    work = Hashing(lambda: False, lambda take, text: told.append(text), told.append)
    takes = [Folder(tmp_path / name) for name in ("one", "two")]
    for take in takes:
        take.path.mkdir()
        for name, size in (("face.nut", 40_000_000_000), ("recording.xdf", 1_400_000_000)):
            with (take.path / name).open("wb") as file:
                file.truncate(size)
        work.add(cast(Take, take), {"face.nut": "known since it was written"})
    closing = threading.Thread(target=work.close)
    closing.start()
    wait_for(lambda: told, what="what is waited for")
    assert told[0].startswith("3 GB of what was recorded are hashed before the end: at least ")
    assert "unisono check" in told[0]
    for take in takes:
        take.go.set()
    closing.join(60)
    assert not closing.is_alive()
    assert all(take.hashed.is_set() for take in takes)
    assert len(told) == 1


def test_the_end_says_nothing_of_what_is_done_soon(tmp_path: Path) -> None:
    told: list[str] = []
    work = Hashing(lambda: False, lambda take, text: told.append(text), told.append)
    take = Folder(tmp_path)
    (tmp_path / "recording.xdf").write_bytes(b"XDF:")
    take.go.set()
    work.add(cast(Take, take), {})
    work.close()
    assert take.hashed.is_set()
    assert told == []


def test_who_does_not_want_to_wait_is_told_that_it_takes_longer(tmp_path: Path) -> None:
    work = Hashing(lambda: False, lambda take, text: None, lambda text: None)
    assert work.wait(0.0)
    take = Folder(tmp_path)
    work.add(cast(Take, take), {})
    assert not work.wait(0.2)
    take.go.set()
    assert work.wait(60.0)
    work.close()
