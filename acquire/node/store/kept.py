"""The folder of one take in a node's data folder, until the engine has it.

`node-recording.json` in the folder says what it is, `FILE.blocks.json` what was hashed of a file.
Both are replaced whole. All that a node knows of its recordings is on the disk: one that was killed
finds them again. A recording's `id` is the name of its folder.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from acquire.errors import ControlError, Unknown
from acquire.node.wire.coding import decode
from acquire.node.wire.limits import WireError, plain_name
from acquire.node.wire.models import (
    Count,
    DeviceName,
    NodeFile,
    Receipt,
    Recording,
    RecordingState,
    RunId,
)
from recordings.disk.atomic import replace_file, sync_folder
from recordings.disk.regular import read_bytes
from recordings.layout import STORED_SUFFIXES, copy_name

log = logging.getLogger(__name__)

RECORD_NAME: Final = "node-recording.json"
BLOCKS_SUFFIX: Final = ".blocks.json"
_MAX_RECORD: Final = 64 << 20

_Name = Annotated[str, AfterValidator(plain_name)]


class Arm(BaseModel):
    """The files that one device began at once: after it died, the next ones are another."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    device: DeviceName
    copy_name: _Name
    stems: dict[str, _Name]  # by stream


class Record(BaseModel):
    """What is written down of a take."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    run_id: RunId
    session: _Name
    take: Count
    state: RecordingState = RecordingState.RECORDING
    arms: tuple[Arm, ...] = ()
    is_cut: bool = False  # whether what was stored after a stop heard late has been cut off
    stored_as: dict[_Name, _Name] = Field(default_factory=dict)  # files that were cut
    problem: str | None = None  # why others were not
    unclosed: bool = False  # whether a process ended before it had closed its files


class Kept:
    """The folder of one take."""

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        # The devices' threads change it, the one that hashes, and whoever releases.
        self._lock = threading.Lock()
        self.record = record
        # By file: what was read of its hashes, and when that was written (None: it could not be,
        # as on a full disk). An engine asks every other second what there is, and the hashes of a
        # terabyte are 8 MB.
        self._hashes: dict[str, tuple[int | None, NodeFile]] = {}
        self.problems: dict[str, str] = {}
        """By file: why it cannot be hashed, and so not be had, as long as this node runs."""

    @property
    def id(self) -> str:
        """What it is called."""
        return self.folder.name

    def change(self, **fields: object) -> None:
        """Change fields of the record, and write it.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            self.record = self.record.model_copy(update=fields)
            self.save()

    def save(self) -> None:
        """Write the record."""
        replace_file(self.folder / RECORD_NAME, self.record.model_dump_json(indent=1).encode())

    def path_of(self, name: str) -> Path:
        """Say where a file that is offered lies.

        Raises:
            Unknown: there is none of that name.
        """
        if name not in self.names():
            raise Unknown(f"{self.id}: no file {name[:100]!r} in this recording")
        return self.folder / self.record.stored_as.get(name, name)

    def names(self) -> list[str]:
        """List the files that are offered: what devices write, not what a system leaves beside it.

        None where somebody has removed the folder: the node goes on with what else it keeps.
        """
        hidden = set(self.record.stored_as.values())
        try:
            return sorted(
                path.name
                for path in self.folder.iterdir()
                if path.name.endswith(STORED_SUFFIXES)
                and path.name not in hidden
                and _is_plain(path.name)
                and path.is_file()
                and not path.is_symlink()
            )
        except FileNotFoundError:
            return []

    def next_copy(self, device: str) -> str:
        """Name the next own copy of a device."""
        return copy_name(device, sum(arm.device == device for arm in self.record.arms))

    def files(self, *, blocks: bool) -> tuple[NodeFile, ...]:
        """Describe the files; those that are hashed with their hashes, `blocks` with all."""
        found = []
        for name in self.names():
            with contextlib.suppress(FileNotFoundError, Unknown):  # just released
                found.append(self._file(name, blocks=blocks))
        return tuple(found)

    def _file(self, name: str, *, blocks: bool) -> NodeFile:
        path = self.path_of(name)
        size = path.stat().st_size
        known = self.hashed(name)
        if known is None or known.bytes != size:
            problem = self.problems.get(name) or self.changed(name)
            return NodeFile(name=name, bytes=size, problem=problem)
        return known if blocks else known.model_copy(update={"blocks": ()})

    def hashed(self, name: str) -> NodeFile | None:
        """Give what was hashed of a file; None where it was not, or what it says cannot be read."""
        path = self._blocks_of(name)
        known = self._hashes.get(name)
        if known is not None and known[0] is None:
            return known[1]
        try:
            written = path.stat().st_mtime_ns
            if known is None or known[0] != written:
                known = written, decode(NodeFile, read_bytes(path), _MAX_RECORD)
                self._hashes[name] = known
        except (OSError, WireError):
            return None
        return known[1]

    @property
    def is_left(self) -> bool:
        """Whether a process may close files of it that nobody waits for any more."""
        return self.record.unclosed or self.record.state is RecordingState.LEFT

    def changed(self, name: str) -> str | None:
        """Say how a file is not the one that was hashed: what is left of it is not to pass for it.

        None where it is, or was not hashed yet, or its process may have closed it since.
        """
        known, size = self.hashed(name), self.path_of(name).stat().st_size
        if known is None or known.bytes == size or self.is_left:
            return None
        return (
            f"has {size} bytes, and had {known.bytes} when it was hashed: see who has changed or "
            f"cut it; to have it as it is, delete {name}{BLOCKS_SUFFIX} beside it on the node, and "
            "start that again"
        )

    def keep_hashes(self, file: NodeFile) -> None:
        """Write down what was hashed of a file.

        Where that cannot be done it is offered all the same: a full disk is emptied by collecting.
        """
        self._hashes[file.name] = None, file
        try:
            replace_file(self._blocks_of(file.name), file.model_dump_json().encode())
            sync_folder(self.folder)
        except OSError as error:
            log.warning("%s: %s: its hashes are not written down: %s", self.id, file.name, error)
        else:
            del self._hashes[file.name]  # read from now on: what is offered is what was written

    def told(self, *, blocks: bool = False) -> Recording:
        """Describe it for the engine."""
        record = self.record
        return Recording(
            id=self.id,
            run_id=record.run_id,
            session=record.session,
            take=record.take,
            state=record.state,
            files=self.files(blocks=blocks),
        )

    def release(self, receipt: Receipt) -> bool:
        """Delete the files of a receipt; whether that was all, and the folder is gone with them.

        Raises:
            Unknown: the receipt names a file that is not there.
            ControlError: a hash is not the file's, or it is not hashed; nothing is deleted then.
        """
        with self._lock:
            if self.record.state is RecordingState.RECORDING:
                raise ControlError(f"{self.id}: still being recorded; stop it first")
            for name, sha256 in receipt.files.items():
                self._check_receipt(name, sha256)
            for name in receipt.files:
                self._delete(name)
            if self.names():
                return False
            self._delete_folder()
            return True

    def _check_receipt(self, name: str, sha256: str) -> None:
        path = self.path_of(name)
        known = self.hashed(name)
        if known is None or known.bytes != path.stat().st_size:
            raise ControlError(f"{self.id}: {name} is not hashed yet; ask again later")
        if known.sha256 != sha256:
            raise ControlError(
                f"{self.id}: {name} has the hash {known.sha256}, and the receipt says {sha256}; "
                "nothing was deleted: fetch the file anew"
            )

    def _delete(self, name: str) -> None:
        # The hashes last: without them a file that is still there would be offered unhashed.
        for path in (self.path_of(name), self.folder / name, self._blocks_of(name)):
            path.unlink(missing_ok=True)

    def _blocks_of(self, name: str) -> Path:
        return self.folder / f"{name}{BLOCKS_SUFFIX}"

    def _delete_folder(self) -> None:
        # `.part`: what a full disk or a kill has left of a record or a list of hashes.
        for pattern in (f"*{BLOCKS_SUFFIX}", "*.part"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        (self.folder / RECORD_NAME).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # what is no file of ours stays
            self.folder.rmdir()


def _is_plain(name: str) -> bool:
    try:
        return plain_name(name) == name
    except WireError:
        return False


def found_in(data_dir: Path, complain: Callable[[str], None]) -> Iterator[Kept]:
    """Find the recordings in a node's data folder, or in a copy of one; what is none is left out.

    `complain` hears of each whose record cannot be read.

    Raises:
        OSError: the folder cannot be read.
    """
    for folder in sorted(data_dir.iterdir()):
        path = folder / RECORD_NAME
        if not _is_plain(folder.name) or folder.is_symlink() or not path.is_file():
            continue
        try:
            record = decode(Record, read_bytes(path), _MAX_RECORD)
        except (OSError, WireError) as error:
            complain(f"{path}: cannot be read, so nothing beside it is offered: {error}")
            continue
        yield Kept(folder, record)
