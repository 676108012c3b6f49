"""A file from a node, block by block: verified, and gone on with after whatever ended it."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.node.transfer.transfer import TransferError, fetch
from acquire.node.wire.models import NodeFile
from recordings.errors import DiskFull
from tests.acquire.program import posix_only

BLOCK = 1 << 10
KILLS = 20

CHILD = """
import os, signal, sys
from pathlib import Path
from acquire.node.transfer import transfer
from acquire.node.wire.models import NodeFile

source, folder, log = (Path(argument) for argument in sys.argv[1:4])
file = NodeFile.model_validate_json(sys.argv[4])
left = 0

def die():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

for module, name in ((os, "write"), (os, "lseek"), (transfer, "sync_file"), (os, "ftruncate")):
    def dying(*given, of=getattr(module, name)):
        die()
        return of(*given)
    setattr(module, name, dying)

def read(start, view):
    die()
    with log.open("a") as line:
        line.write(f"{start}\\n")
    view[:] = source.read_bytes()[start : start + len(view)]
    return len(view)

for chance in sys.argv[5:]:
    if (life := os.fork()) == 0:
        left = int(chance)
        transfer.fetch(file, folder, read)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(life, 0)[1]))
"""


def described(data: bytes, block: int = BLOCK, name: str = "face.nut") -> NodeFile:
    blocks = [data[i : i + block] for i in range(0, len(data), block)]
    return NodeFile(
        name=name,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        block_bytes=block,
        blocks=tuple(hashlib.sha256(b).hexdigest() for b in blocks),
    )


def reader(data: bytes, most: int = 1 << 30) -> Callable[[int, memoryview], int]:
    def read(start: int, view: memoryview) -> int:
        piece = data[start : start + min(len(view), most)]
        view[: len(piece)] = piece
        return len(piece)

    return read


@given(st.binary(max_size=5000), st.integers(1, 700), st.integers(1, 300))
def test_whatever_its_size_it_comes_whole(data: bytes, block: int, most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = fetch(described(data, block), Path(folder), reader(data, most))
        assert path.read_bytes() == data
        assert [p.name for p in Path(folder).iterdir()] == ["face.nut"]


@posix_only
def test_killed_at_twenty_places_it_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(60 * BLOCK + 77)
    source, log = tmp_path / "source", tmp_path / "log"
    source.write_bytes(data)
    folder = tmp_path / "session"
    folder.mkdir()
    file = described(data)
    chance = random.Random(2)
    lives = [str(chance.randint(1, 9)) for _ in range(KILLS)] + ["0"]  # 0: to the end
    arguments = [source, folder, log, file.model_dump_json(), *lives]
    program = [sys.executable, "-c", CHILD, *map(str, arguments)]
    ends = subprocess.run(program, check=True, capture_output=True, text=True).stdout.split()
    assert ends == ["-9"] * KILLS + ["0"]
    assert (folder / file.name).read_bytes() == data
    asked = Counter(log.read_text().splitlines())
    # Of each life at most the block that was on its way is asked for again.
    assert sum(asked.values()) - len(asked) <= KILLS
    assert len(asked) == len(file.blocks)


def test_a_block_that_lies_is_asked_for_again_and_then_refused(tmp_path: Path) -> None:
    data = random.Random(3).randbytes(3 * BLOCK)
    asked: Counter[int] = Counter()

    right, wrong = reader(data), reader(bytes(len(data)))

    def once_wrong(start: int, view: memoryview) -> int:
        asked[start] += 1
        return (wrong if start == BLOCK and asked[start] == 1 else right)(start, view)

    assert fetch(described(data), tmp_path, once_wrong).read_bytes() == data
    assert asked == {0: 1, BLOCK: 2, 2 * BLOCK: 1}
    (tmp_path / "face.nut").unlink()
    with pytest.raises(TransferError, match="block 0 does not have its hash, 3 times"):
        fetch(described(data), tmp_path, wrong)
    assert not (tmp_path / "face.nut").exists()


def test_blocks_that_are_right_of_a_file_that_is_not_begin_anew(tmp_path: Path) -> None:
    data = random.Random(4).randbytes(3 * BLOCK)
    wrong = described(data).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(TransferError, match="is not what the node has recorded"):
        fetch(wrong, tmp_path, reader(data))
    assert fetch(described(data), tmp_path, reader(data)).read_bytes() == data


def test_what_is_there_of_another_file_does_not_count(tmp_path: Path) -> None:
    one, two = random.Random(5).randbytes(4 * BLOCK), random.Random(6).randbytes(3 * BLOCK)

    class Enough(Exception): ...

    def only_two(start: int, view: memoryview) -> int:
        if start == 2 * BLOCK:
            raise Enough
        return reader(one)(start, view)

    with pytest.raises(Enough):
        fetch(described(one), tmp_path, only_two)
    assert fetch(described(two), tmp_path, reader(two)).read_bytes() == two


def test_a_list_with_a_torn_end_or_with_nonsense_costs_blocks_and_nothing_else(
    tmp_path: Path,
) -> None:
    data = random.Random(7).randbytes(5 * BLOCK)
    file = described(data)
    (tmp_path / "face.nut.part").write_bytes(data[:BLOCK] + bytes(2 * BLOCK))
    title = f"{file.sha256} {BLOCK}"
    (tmp_path / "face.nut.part.blocks").write_text(f"{title}\n0\n-1\n99\nx\n\n1")
    assert fetch(file, tmp_path, reader(data)).read_bytes() == data


def test_a_disk_without_room_is_told_before_a_byte_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquire.node.transfer.transfer.free_bytes", lambda folder: 10)
    with pytest.raises(DiskFull, match="free space, and collect again"):
        fetch(described(b"x" * 100), tmp_path, lambda start, view: pytest.fail("asked"))


def test_a_node_that_ends_too_early_is_no_endless_loop(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="ends at byte 0"):
        fetch(described(b"x" * 100), tmp_path, lambda start, view: 0)
