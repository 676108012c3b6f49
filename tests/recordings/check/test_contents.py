"""Contents are read once: what was read of a file that has not changed is remembered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from recordings import layout
from recordings.check.contents import Contents
from recordings.manifest import Manifest
from tests.recordings.closed_manifest import closed_manifest

BLOCK = b"x" * (1 << 20)


class Left(Exception):
    pass


def session(folder: Path) -> Manifest:
    (folder / "first.bin").write_bytes(BLOCK * 2)
    (folder / "second.bin").write_bytes(BLOCK * 3)
    return closed_manifest("first.bin", "second.bin")


def read(contents: Contents, blocks: int) -> None:
    """Read so many blocks, and leave."""
    left = [blocks]

    def between() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Left

    contents.read_all(between)


def test_whoever_is_interrupted_goes_on_with_the_file_at_hand(tmp_path: Path) -> None:
    manifest = session(tmp_path)
    first = Contents(tmp_path, manifest)
    assert first.total == 5 << 20
    with pytest.raises(Left):
        read(first, 4)  # in the midst of the second file
    assert first.read == 4 << 20

    again = Contents(tmp_path, manifest)
    blocks = []
    again.read_all(lambda: blocks.append(again.read >> 20))
    assert blocks == [3, 4, 5], "the first file is not read again"
    expected = hashlib.sha256(BLOCK * 2).hexdigest()
    assert again.hash_of(tmp_path / "first.bin") == expected
    again.forget()
    assert not (tmp_path / layout.CONTENTS_NAME).exists()


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    manifest = session(tmp_path)
    Contents(tmp_path, manifest).read_all(lambda: None)
    path = tmp_path / "first.bin"
    path.write_bytes(b"y" + path.read_bytes()[1:])
    os.utime(path, ns=(1, 1))
    again = Contents(tmp_path, manifest)
    again.read_all(lambda: None)
    assert again.hash_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": {"first.bin": 1}}', "\udcff"])
def test_what_is_remembered_is_not_trusted_blindly(tmp_path: Path, text: str) -> None:
    manifest = session(tmp_path)
    (tmp_path / layout.CONTENTS_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    contents = Contents(tmp_path, manifest)
    contents.read_all(lambda: None)
    assert contents.read == contents.total
