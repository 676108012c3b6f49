"""What a node keeps: found again, never overwritten, deleted for a receipt that is right alone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import ControlError, Unknown
from acquire.node.store.finishing import Finishing, hashed_file
from acquire.node.store.kept import RECORD_NAME, Kept
from acquire.node.store.store import Store
from acquire.node.transfer.sources import DiskSource
from acquire.node.wire.models import Receipt, RecordingState
from acquire.server.data_lock import DataLock
from tests.acquire.program import wait_for
from tests.acquire.small_disk import disk, fill

BLOCK = 1000


def armed(store: Store, run: str = "r1", session: str = "s1", take: int = 1) -> Kept:
    kept, _ = store.armed(run, session, take, "face", {"face": "face"})
    return kept


def closed(store: Store, **files: bytes) -> Kept:
    """Give a recording that was closed, with these files."""
    kept = armed(store)
    for name, data in files.items():
        (kept.folder / f"{name}.nut").write_bytes(data)
    kept.change(state=RecordingState.CLOSED, is_cut=True)
    return kept


@contextmanager
def finishing(
    store: Store, is_recording: Callable[[], bool] = lambda: False, complaints: int = 0
) -> Iterator[None]:
    told: list[str] = []
    worker = Finishing(store, is_recording, told.append, BLOCK)
    worker.start()
    try:
        yield
    finally:
        worker.close()
    assert len(told) == complaints, told


def hashed(store: Store, kept: Kept) -> dict[str, str]:
    """Have it hashed, and give the hashes."""
    with finishing(store):
        wait_for(lambda: kept.told().ready, what="hashes")
    return {f.name: f.sha256 or "" for f in kept.told().files}


@given(st.binary(max_size=5000), st.integers(1, 2000))
def test_the_hashes_are_those_of_the_bytes(data: bytes, block: int) -> None:
    path = Path(f"/tmp/unisono-hash-{os.getpid()}")
    path.write_bytes(data)
    try:
        size, whole, blocks = hashed_file(path, block, lambda: None)
    finally:
        path.unlink()
    assert size == len(data)
    assert whole == hashlib.sha256(data).hexdigest()
    parts = [data[i : i + block] for i in range(0, len(data), block)]
    assert list(blocks) == [hashlib.sha256(part).hexdigest() for part in parts]


def test_a_take_has_one_folder_and_another_run_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = armed(store)
    again, arm = store.armed("r1", "s1", 1, "side", {"side": "side"})
    assert again is first
    assert arm.copy_name == "side.copy.xdf"
    other = armed(store, run="r2")  # of another study, with the same name
    assert other.folder != first.folder
    assert armed(store, take=2).folder not in (first.folder, other.folder)


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    """A device died, and an engine that does not see the files has it armed anew."""
    store = Store(tmp_path)
    kept = armed(store)
    (kept.folder / "face.nut").write_bytes(b"1")
    (kept.folder / "face.copy.xdf").write_bytes(b"1")
    _, second = store.armed("r1", "s1", 1, "face", {"face": "face"})
    assert (second.stems["face"], second.copy_name) == ("face+2", "face+1.copy.xdf")
    (kept.folder / "face+2.mkv").write_bytes(b"1")
    _, third = store.armed("r1", "s1", 1, "face", {"face": "face+2"})
    assert (third.stems["face"], third.copy_name) == ("face+3", "face+2.copy.xdf")


def test_a_node_that_was_killed_finds_what_it_has(tmp_path: Path) -> None:
    first = Store(tmp_path)
    kept = armed(first)
    (kept.folder / "face.nut").write_bytes(b"123")
    again = Store(tmp_path)[kept.id]
    assert again.record.state is RecordingState.LEFT
    assert again.names() == ["face.nut"]


@pytest.mark.parametrize("away_s", [-700, 3600], ids=["old", "clock set back"])
def test_what_was_left_is_hashed_once_nobody_writes_it(
    tmp_path: Path, away_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquire.node.store.finishing.SETTLED_S", 600.0)
    kept = armed(Store(tmp_path))
    path = kept.folder / "face.nut"
    path.write_bytes(b"123")
    store = Store(tmp_path)
    with finishing(store):
        time.sleep(0.2)
        assert not store[kept.id].told().ready  # its process may still close it
        date = time.time() + away_s
        os.utime(path, (date, date))
        wait_for(lambda: store[kept.id].told().ready, what="hashes")


def test_hashing_rests_while_anything_records(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"x" * 3000)
    recording = [True]
    with finishing(store, lambda: recording[0]):
        time.sleep(0.3)
        assert not kept.told().ready
        recording[0] = False
        wait_for(lambda: kept.told().ready, what="hashes")
    (file,) = kept.told(blocks=True).files
    assert len(file.blocks) == 3
    assert kept.told().files[0].blocks == ()
    assert Store(tmp_path)[kept.id].told(blocks=True).files == (file,)  # on the disk


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b'{"name": "../x"}', b"[" * 100_000])
def test_damaged_hashes_are_made_anew(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"x" * 10)
    right = hashed(store, kept)
    (kept.folder / "face.nut.blocks.json").write_bytes(damage)
    assert not kept.told().ready
    assert hashed(store, kept) == right


def test_a_file_that_has_changed_is_not_offered_with_its_old_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"x" * 10)
    right = hashed(store, kept)
    (kept.folder / "face.nut").write_bytes(b"x" * 11)
    with pytest.raises(ControlError, match="not hashed"):
        store.release(kept.id, Receipt(files=right))
    assert (kept.folder / "face.nut").exists()


def test_what_is_left_of_a_file_does_not_pass_for_it(tmp_path: Path) -> None:
    """Cut short by a copy to a disk that was full, say; its process has closed it long ago."""
    store = Store(tmp_path)
    kept = closed(store, face=b"x" * 10)
    right = hashed(store, kept)
    (kept.folder / "face.nut").write_bytes(b"x" * 9)
    carried = DiskSource(tmp_path)
    with finishing(store, complaints=1):
        wait_for(lambda: kept.problems, what="the problem")
    for told in (kept.told(), carried.recording(kept.id), *carried.recordings()):
        (file,) = told.files
        assert file.sha256 is None
        assert "has 9 bytes, and had 10" in (file.problem or "")
    (kept.folder / "face.nut").write_bytes(b"x" * 10)
    assert {f.name: f.sha256 for f in kept.told().files} == right
    (kept.folder / "face.nut").write_bytes(b"x" * 9)
    (kept.folder / "face.nut.blocks.json").unlink()  # as it is then
    store = Store(tmp_path)
    assert hashed(store, store[kept.id]).keys() == right.keys()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"run_id": "../x"}'])
def test_a_damaged_record_keeps_no_node_from_starting(tmp_path: Path, damage: bytes) -> None:
    kept = armed(Store(tmp_path))
    (kept.folder / RECORD_NAME).write_bytes(damage)
    assert Store(tmp_path).all() == []
    assert kept.folder.exists()


def test_one_file_that_cannot_be_read_is_named_and_keeps_no_other_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def failing(path: Path, *rest: object) -> object:
        asked.append(path.name)
        if path.name == "eeg.nut":
            raise OSError(errno.EIO, "Input/output error")
        return hashed_file(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("acquire.node.store.finishing.hashed_file", failing)
    monkeypatch.setattr("acquire.node.store.finishing.LOOK_S", 0.01)
    store = Store(tmp_path)
    kept = closed(store, eeg=b"1", face=b"2")
    with finishing(store, complaints=1):
        wait_for(lambda: kept.told().ready, what="all that can be hashed")
        side = kept.folder / "side.nut"
        side.write_bytes(b"3")
        wait_for(lambda: kept.hashed("side.nut") is not None, what="another look")
    problems = {f.name: f.problem for f in kept.told().files}
    assert problems.pop("eeg.nut") == (
        "the node cannot read it (Input/output error); see its disk, and start it again"
    )
    assert set(problems.values()) == {None}
    assert asked.count("eeg.nut") == 1


def test_a_folder_that_somebody_has_removed_keeps_the_node_from_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    gone, here = closed(store, face=b"1"), armed(store, session="s2")
    (here.folder / "face.nut").write_bytes(b"2")
    shutil.rmtree(gone.folder)
    assert [[f.name for f in kept.told().files] for kept in store.all()] == [[], ["face.nut"]]


def test_what_a_system_leaves_beside_a_video_is_not_offered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"1")
    (kept.folder / "Thumbs.db").write_bytes(b"pictures")
    right = hashed(store, kept)
    assert list(right) == ["face.nut"]
    assert store.release(kept.id, Receipt(files=right))
    assert [path.name for path in kept.folder.iterdir()] == ["Thumbs.db"]


def test_a_full_disk_is_emptied_by_collecting(tmp_path: Path) -> None:
    """A node that was killed, and something else has filled the disk before its next start."""
    with disk(tmp_path, 20 << 20) as small:
        kept = armed(Store(small))
        path = kept.folder / "face.nut"
        path.write_bytes(b"x" * 10_000)
        os.utime(path, (1, 1))
        fill(small, 0)
        with DataLock(small):
            store = Store(small)
            assert store[kept.id].record.state is RecordingState.LEFT
            with finishing(store, complaints=1):  # its record cannot be written
                wait_for(lambda: store[kept.id].told().ready, what="hashes")
            right = {f.name: f.sha256 or "" for f in store[kept.id].told().files}
            assert store.release(kept.id, Receipt(files=right))
        assert not kept.folder.exists()


def test_a_record_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    kept = closed(Store(tmp_path), face=b"1")
    (kept.folder / RECORD_NAME).write_text("{")
    told: list[str] = []
    assert Store(tmp_path, told.append).all() == []
    assert [kept.id in text and "cannot be read" in text for text in told] == [True]


def test_a_receipt_deletes_what_it_names(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"1", side=b"2")
    right = hashed(store, kept)
    assert not store.release(kept.id, Receipt(files={"face.nut": right["face.nut"]}))
    assert kept.names() == ["side.nut"]
    assert store.release(kept.id, Receipt(files={"side.nut": right["side.nut"]}))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unknown):
        store[kept.id]


@pytest.mark.parametrize(
    "name", ["node-recording.json", "face.nut.blocks.json", "../x", "", "/etc/passwd", "a\0b"]
)
def test_a_receipt_for_what_is_not_offered_deletes_nothing(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"1")
    right = hashed(store, kept)
    before = sorted(kept.folder.iterdir())
    with pytest.raises(Unknown):
        store.release(kept.id, Receipt(files=right | {name: "0" * 64}))
    assert sorted(kept.folder.iterdir()) == before


def test_a_running_recording_is_not_released(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = armed(store)
    with pytest.raises(ControlError, match="recorded"):
        store.release(kept.id, Receipt(files={}))


def test_what_is_no_plain_file_is_not_offered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"1")
    (kept.folder / "link.nut").symlink_to("/etc/passwd")
    (kept.folder / ".hidden").write_bytes(b"")
    (kept.folder / "face.nut.part").write_bytes(b"")
    (kept.folder / "folder").mkdir()
    (tmp_path / "linked").symlink_to(kept.folder)
    assert kept.names() == ["face.nut"]
    with pytest.raises(Unknown):
        kept.path_of("link.nut")
    assert [k.id for k in Store(tmp_path).all()] == [kept.id]


def test_a_file_that_was_cut_is_offered_in_its_place(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = closed(store, face=b"whole")
    (kept.folder / "face.trimmed.nut").write_bytes(b"cut")
    kept.change(state=RecordingState.TRIMMED, stored_as={"face.nut": "face.trimmed.nut"})
    right = hashed(store, kept)
    assert right == {"face.nut": hashlib.sha256(b"cut").hexdigest()}
    assert kept.path_of("face.nut").read_bytes() == b"cut"
    assert store.release(kept.id, Receipt(files=right))
    assert list(tmp_path.iterdir()) == []


def test_the_record_is_readable(tmp_path: Path) -> None:
    kept = armed(Store(tmp_path))
    written = json.loads((kept.folder / RECORD_NAME).read_text())
    assert (written["session"], written["take"], written["run_id"]) == ("s1", 1, "r1")
