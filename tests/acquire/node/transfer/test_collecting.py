"""What a node offers, and what a session takes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from acquire.errors import AcquireError, ConfigError
from acquire.lsl.config import configuration, configuration_for
from acquire.node.client import NodeAddress, NodeClient
from acquire.node.store.store import Store
from acquire.node.transfer import collector
from acquire.node.transfer.collecting import (
    Job,
    Progress,
    change_manifest,
    collect,
    is_whole,
    jobs,
    release,
)
from acquire.node.transfer.giving_up import give_up
from acquire.node.transfer.sources import DiskSource, Source
from acquire.node.wire.models import NodeFile, Receipt, Recording, RecordingState
from acquire.rig.node import NodeTable
from recordings import layout
from recordings.disk.file_lock import lock_file
from recordings.disk.hashing import sha256_of
from recordings.manifest import Manifest, State
from recordings.manifest_entries import FileEntry, PendingFile
from recordings.study.catalogue import Catalogue
from tests.acquire.program import unisono, wait_for

RUN = "0123456789abcdef"
DATA = {"eeg.copy.xdf": b"rows" * 700, "face.copy.xdf": b"more" * 300}


class Offered(Source):
    """A node that exists in memory alone."""

    def __init__(self, recording: Recording, files: dict[str, bytes]) -> None:
        super().__init__("cam-pc")
        self.kept, self.files = recording, files
        self.released: list[Receipt] = []

    def recordings(self) -> list[Recording]:
        return [self.kept]

    def recording(self, id: str) -> Recording:
        return self.kept

    def read(
        self, id: str, name: str, start: int, view: memoryview, came: Callable[[int], None]
    ) -> int:
        data = self.files[name][start : start + len(view)]
        view[: len(data)] = data
        came(len(data))
        return len(data)

    def release(self, id: str, receipt: Receipt) -> None:
        self.released.append(receipt)


def described(name: str, data: bytes, block: int = 512) -> NodeFile:
    blocks = [data[i : i + block] for i in range(0, len(data), block)]
    return NodeFile(
        name=name,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        block_bytes=block,
        blocks=tuple(hashlib.sha256(b).hexdigest() for b in blocks),
    )


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A closed session without streams, which waits for two own copies."""
    folder, _ = layout.new_session_folder(tmp_path, "study", "01", "01", "test")
    Manifest(
        state=State.COMPLETE,
        study="study",
        participant="01",
        session="01",
        task="test",
        run=1,
        software={},
        host={"node_run": RUN},
        files=(FileEntry(path="recording.xdf"),),
        pending=tuple(PendingFile(path=name, node="cam-pc") for name in DATA),
    ).save(folder)
    return folder


def offer(
    session: Path,
    files: dict[str, bytes] | None = None,
    changes: dict[str, object] | None = None,
) -> Offered:
    files = DATA if files is None else files
    recording = Recording(
        id="kept",
        run_id=RUN,
        session=layout.session_id(session),
        take=1,
        state=RecordingState.CLOSED,
        files=tuple(described(name, data) for name, data in files.items()),
    )
    return Offered(recording.model_copy(update=changes or {}), files)


def job_of(source: Offered, session: Path) -> Job:
    (job,) = jobs(source, session.parents[3])
    assert job.folder == session
    return job


def test_files_come_one_by_one_and_the_manifest_knows_each_at_once(session: Path) -> None:
    source = offer(session)
    job = job_of(source, session)
    told: list[Progress] = []

    def change(folder: Path, how: object) -> None:
        change_manifest(folder, how)  # type: ignore[arg-type]
        manifest = Manifest.load(folder)
        for file in manifest.files[1:]:
            assert sha256_of(folder / file.path) == file.sha256
        assert not {f.path for f in manifest.files} & {p.path for p in manifest.pending}

    assert collect(source, job, change, tell=told.append)
    manifest = Manifest.load(session)
    assert manifest.pending == ()
    assert {f.path for f in manifest.files} == {"recording.xdf", *DATA}
    assert is_whole(source, job)
    assert not collect(source, job, change)
    total = sum(map(len, DATA.values()))
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert (told[-1].done, told[-1].total) == (total, total)
    release(source, job)
    (receipt,) = source.released
    assert receipt.files == {n: hashlib.sha256(d).hexdigest() for n, d in DATA.items()}


@pytest.mark.parametrize("name", ["session.json", "recording.xdf", "report.html", "face.txt"])
def test_a_node_writes_over_nothing(session: Path, name: str) -> None:
    before = Manifest.load(session)
    source = offer(session, {name: b"evil"})
    with pytest.raises(AcquireError, match="neither a video, a sound nor an own copy"):
        collect(source, job_of(source, session), change_manifest)
    assert Manifest.load(session) == before
    assert [p.name for p in session.iterdir()] == ["session.json"]


@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "another-engine"},
        {"session": "study.sub-01_ses-01_task-test_run-02"},
        {"session": "sub-01_ses-01_task-test_run-01"},
        {"files": ()},
    ],
)
def test_what_belongs_to_another_run_or_session_is_left(
    session: Path, changes: dict[str, object]
) -> None:
    assert list(jobs(offer(session, changes=changes), session.parents[3])) == []


@pytest.mark.parametrize("state", [State.ARMED, State.RECORDING])
def test_a_session_that_is_not_closed_is_left(session: Path, state: State) -> None:
    change_manifest(session, lambda m: m.model_copy(update={"state": state}))
    assert list(jobs(offer(session), session.parents[3])) == []


def test_what_is_still_recorded_or_not_hashed_comes_later(session: Path) -> None:
    source = offer(session, changes={"state": RecordingState.RECORDING})
    assert not collect(source, job_of(source, session), change_manifest)
    source = offer(session)
    bare = [f.model_copy(update={"sha256": None, "blocks": ()}) for f in source.kept.files]
    source.kept = source.kept.model_copy(update={"files": tuple(bare)})
    assert not collect(source, job_of(source, session), change_manifest)
    assert len(Manifest.load(session).pending) == 2


def test_killed_between_the_last_block_and_the_manifest(session: Path) -> None:
    (session / "eeg.copy.xdf").write_bytes(DATA["eeg.copy.xdf"])
    source = offer(session)
    assert collect(source, job_of(source, session), change_manifest)
    assert Manifest.load(session).pending == ()


def test_a_file_of_the_same_name_is_never_overwritten(session: Path) -> None:
    (session / "eeg.copy.xdf").write_bytes(b"mine")
    source = offer(session)
    with pytest.raises(AcquireError, match="is another file than the node's"):
        collect(source, job_of(source, session), change_manifest)
    assert (session / "eeg.copy.xdf").read_bytes() == b"mine"


def test_one_file_that_cannot_be_had_keeps_no_other_away(session: Path) -> None:
    (session / "eeg.copy.xdf").write_bytes(b"mine")
    source = offer(session)
    with pytest.raises(AcquireError, match="is another file than the node's"):
        collect(source, job_of(source, session), change_manifest)
    assert [p.path for p in Manifest.load(session).pending] == ["eeg.copy.xdf"]
    assert (session / "face.copy.xdf").read_bytes() == DATA["face.copy.xdf"]
    (session / "eeg.copy.xdf").unlink()
    assert collect(source, job_of(source, session), change_manifest)
    assert Manifest.load(session).pending == ()


def test_beside_another_program_that_collects_nothing_of_a_session_is_brought(
    session: Path,
) -> None:
    with (session / "eeg.copy.xdf.part").open("wb") as held:
        lock_file(held.fileno())
        with pytest.raises(AcquireError, match="another program collects it"):
            collect(offer(session), job_of(offer(session), session), change_manifest)
    assert len(Manifest.load(session).pending) == 2


def test_a_file_that_the_node_cannot_read_is_told_and_not_lost(session: Path) -> None:
    source = offer(session)
    eeg, face = source.kept.files
    broken = NodeFile(name=eeg.name, bytes=eeg.bytes, problem="the node cannot read it (I/O error)")
    source.kept = source.kept.model_copy(update={"files": (broken, face)})
    with pytest.raises(AcquireError, match=r"eeg\.copy\.xdf: the node cannot read it \(I/O error"):
        collect(source, job_of(source, session), change_manifest)
    manifest = Manifest.load(session)
    assert [p.path for p in manifest.pending] == ["eeg.copy.xdf"]
    assert manifest.lost == ()


def test_what_was_here_and_is_gone_is_not_released_but_fetched_again(session: Path) -> None:
    source = offer(session)
    job = job_of(source, session)
    assert collect(source, job, change_manifest)
    (session / "eeg.copy.xdf").unlink()
    (session / "face.copy.xdf").write_bytes(b"torn")
    assert not is_whole(source, job)
    with pytest.raises(AcquireError, match="is not here; collect it first"):
        release(source, job)
    assert source.released == []
    (session / "face.copy.xdf").unlink()
    assert collect(source, job, change_manifest)
    assert (session / "eeg.copy.xdf").read_bytes() == DATA["eeg.copy.xdf"]
    assert len(Manifest.load(session).files) == 3
    release(source, job)


def test_what_the_node_never_had_is_lost_and_said_but_not_what_another_has(session: Path) -> None:
    other = PendingFile(path="back.nut", node="other-pc")
    change_manifest(session, lambda m: m.model_copy(update={"pending": (*m.pending, other)}))
    source = offer(session, {"eeg.copy.xdf": DATA["eeg.copy.xdf"]})
    assert collect(source, job_of(source, session), change_manifest)
    manifest = Manifest.load(session)
    assert manifest.pending == (other,)
    (told,) = [e for e in manifest.events if e.code == "lost-on-node"]
    assert "face.copy.xdf: lost on node cam-pc: the node has no such file" in told.text
    assert [(f.path, f.node) for f in manifest.lost] == [("face.copy.xdf", "cam-pc")]


def test_what_is_given_up_is_lost_and_comes_after_all_if_the_node_has_it(session: Path) -> None:
    other = PendingFile(path="back.nut", node="other-pc")
    change_manifest(session, lambda m: m.model_copy(update={"pending": (*m.pending, other)}))
    assert give_up(session, "cam-pc", "its disk is broken", change_manifest) == list(DATA)
    manifest = Manifest.load(session)
    assert manifest.pending == (other,)
    assert {(f.path, f.reason) for f in manifest.lost} == {(n, "its disk is broken") for n in DATA}
    with pytest.raises(ConfigError, match="nothing from node 'cam-pc', but from other-pc"):
        give_up(session, "cam-pc", "again", change_manifest)
    source = offer(session)
    assert collect(source, job_of(source, session), change_manifest)
    assert Manifest.load(session).lost == ()


def test_what_is_being_recorded_is_not_given_up(session: Path) -> None:
    change_manifest(session, lambda m: m.model_copy(update={"state": State.RECORDING}))
    with pytest.raises(ConfigError, match="stop it, and give up then"):
        give_up(session, "cam-pc", "", change_manifest)


def test_nothing_is_released_that_is_not_here(session: Path) -> None:
    source = offer(session)
    with pytest.raises(AcquireError, match="is not here; collect it first"):
        release(source, job_of(source, session))
    assert source.released == []


@pytest.fixture
def disk(tmp_path: Path, session: Path) -> Path:
    """A node's data folder, carried here before the node came to hash anything."""
    folder = tmp_path / "carried"
    folder.mkdir()
    store = Store(folder)
    kept, _ = store.armed(RUN, layout.session_id(session), 1, "eeg", {})
    (kept.folder / "eeg.copy.xdf").write_bytes(DATA["eeg.copy.xdf"])
    return folder


def test_a_carried_disk_is_a_node_too(session: Path, disk: Path) -> None:
    source = DiskSource(disk)
    (job,) = jobs(source, session.parents[3])
    assert not is_whole(source, job), "what is not hashed there is not here either"
    assert collect(source, job, change_manifest)
    manifest = Manifest.load(session)
    assert {f.path for f in manifest.files} == {"recording.xdf", "eeg.copy.xdf"}
    assert not collect(source, job, change_manifest), "it was brought already"
    # Another disk may have the rest.
    assert [p.path for p in manifest.pending] == ["face.copy.xdf"]
    assert sha256_of(session / "eeg.copy.xdf") == manifest.files[-1].sha256


def test_a_session_that_was_moved_and_renamed_is_collected_where_it_is_named(
    session: Path, disk: Path
) -> None:
    moved = session.rename(disk.parent / "pilot")
    other = disk.parent / "other"
    other.mkdir()
    Manifest.load(moved).model_copy(update={"run": 2}).save(other)
    for folder, pending in ((other, set(DATA)), (moved, {"face.copy.xdf"})):
        done = unisono("collect", folder, "--from", disk, folder=disk)
        assert done.code == 1, done
        assert {p.path for p in Manifest.load(folder).pending} == pending
    assert (moved / "eeg.copy.xdf").read_bytes() == DATA["eeg.copy.xdf"]


def test_a_session_that_cannot_be_completed_keeps_no_other_from_it(
    session: Path, disk: Path
) -> None:
    second, _ = layout.new_session_folder(session.parents[3], "study", "01", "01", "test")
    Manifest.load(session).model_copy(update={"run": 2}).save(second)
    kept, _ = Store(disk).armed(RUN, layout.session_id(second), 1, "eeg", {})
    (kept.folder / "eeg.copy.xdf").write_bytes(DATA["eeg.copy.xdf"])
    (session / "eeg.copy.xdf").write_bytes(b"mine")
    done = unisono("collect", session.parents[3], "--from", disk, folder=disk)
    assert done.code == 2
    assert "is another file than the node's" in done.stderr
    assert f"{second.name}: 0.0 MB collected" in done.stdout
    assert (second / "eeg.copy.xdf").read_bytes() == DATA["eeg.copy.xdf"]


def test_an_engine_collects_what_it_can_and_says_once_what_it_cannot(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (session / "eeg.copy.xdf").write_bytes(b"mine")
    source = offer(session)
    second, _ = layout.new_session_folder(session.parents[3], "study", "01", "01", "test")
    Manifest.load(session).model_copy(update={"run": 2}).save(second)
    other = source.kept.model_copy(update={"session": layout.session_id(second)})
    monkeypatch.setattr(source, "recordings", lambda: [source.kept, other])
    address = NodeAddress("cam-pc", "127.0.0.1:1", "0" * 64, "")
    monkeypatch.setattr(collector, "client_of", lambda node: NodeClient(address))
    monkeypatch.setattr(collector, "NodeSource", lambda name, client: source)
    monkeypatch.setattr(collector, "LOOK_S", 0.01)
    said: list[str] = []
    looks: list[Path] = []

    def change(folder: Path, how: Callable[[Manifest], Manifest]) -> None:
        looks.append(folder)
        change_manifest(folder, how)

    node = NodeTable(name="cam-pc", address="127.0.0.1", fingerprint="0" * 64)
    collecting = collector.Collector(
        [node],
        session.parents[3],
        Catalogue(session.parents[3]),
        lambda: False,
        change,
        lambda source, level, code, text: said.append(code),
        lambda folder: None,
    )
    collecting.start()
    try:
        wait_for(lambda: Manifest.load(second).pending == (), what="the other session")
        (second / "eeg.copy.xdf").unlink()  # the next look has begun, and the one after it
        wait_for(lambda: (second / "eeg.copy.xdf").exists(), what="another look")
    finally:
        collecting.close()
    assert said.count("not-collected") == 1
    assert "mine" in (session / "eeg.copy.xdf").read_text()


def test_a_folder_that_is_no_nodes_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match=r"no recording of a node|cannot be read"):
            DiskSource(path)


def test_a_session_that_cannot_be_read_may_wait_for_files_and_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = data / "sub-01" / "ses-01" / "sub-01_ses-01_task-t_run-01"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{")
    done = unisono("collect", data, folder=tmp_path)
    assert done.code == 2
    assert done.stderr.startswith(f"error: {folder / 'session.json'}: ")


def test_liblsl_asks_the_nodes_by_name_and_they_ask_back() -> None:
    here = configuration("lab", peers=["cam-pc", "10.0.0.3"])
    assert here is not None
    assert "ResolveOverTCP = 1" in here
    assert "cam-pc, 10.0.0.3" in here
    there = configuration_for("10.0.0.1", here)
    assert "SessionID = lab" in there
    assert "KnownPeers = {10.0.0.1}" in there
    assert "cam-pc" not in there
