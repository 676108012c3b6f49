"""What makes a session another one than it was when it was checked or exported."""

from __future__ import annotations

from recordings.manifest_entries import FileEntry, LostFile
from tests.recordings.closed_manifest import closed_manifest

RECORDED = closed_manifest("recording.xdf")


def test_a_session_is_the_same_once_its_files_are_hashed() -> None:
    closed = RECORDED.model_copy(update={"hashing": True})
    hashed = FileEntry(path="recording.xdf", bytes=7, sha256="0" * 64)
    done = closed.model_copy(update={"hashing": False, "files": (hashed,)})
    assert done.digest() == closed.digest()


def test_what_is_said_of_a_session_makes_it_no_other_and_a_loss_does() -> None:
    said = RECORDED.model_copy(update={"notes": "coughs", "unusable": "fell asleep"})
    lost = (LostFile(path="face.nut", node="cam-pc", reason="its disk is broken"),)
    more = (*RECORDED.files, FileEntry(path="face.nut"))
    assert said.digest() == RECORDED.digest()
    assert RECORDED.model_copy(update={"lost": lost}).digest() != RECORDED.digest()
    assert RECORDED.model_copy(update={"files": more}).digest() != RECORDED.digest()
