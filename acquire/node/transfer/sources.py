"""Where a node's files are fetched from: over the network, or from its disk, carried here."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from acquire.errors import ConfigError
from acquire.node.client import PIECE, NodeClient
from acquire.node.store.finishing import hashed_file
from acquire.node.store.kept import Kept, found_in
from acquire.node.wire.limits import MAX_LIST
from acquire.node.wire.models import BLOCK_BYTES, NodeFile, Receipt, Recording, RecordingState

LOOK_S = 0.5


class Recordings(RootModel[Annotated[tuple[Recording, ...], Field(max_length=MAX_LIST)]]):
    """What a node keeps, as it lists it."""

    model_config = ConfigDict(defer_build=True)


class Source(ABC):
    """The recordings that a node keeps."""

    def __init__(self, node: str) -> None:
        self.node = node

    @abstractmethod
    def recordings(self) -> list[Recording]:
        """List them, without the hashes of their blocks."""

    @abstractmethod
    def recording(self, id: str) -> Recording:
        """Give one of them, with all hashes."""

    @abstractmethod
    def read(
        self, id: str, name: str, start: int, view: memoryview, came: Callable[[int], None]
    ) -> int:
        """Fill a view with the bytes of a file from `start` on; gives how many came, maybe fewer.

        `came` is called with the size of each piece; it may rest, or raise to leave the rest.
        """

    @abstractmethod
    def release(self, id: str, receipt: Receipt) -> None:
        """Have files deleted that are here, as the receipt proves."""


class NodeSource(Source):
    """A node that runs."""

    def __init__(self, node: str, client: NodeClient) -> None:
        super().__init__(node)
        self._client = client

    def recordings(self) -> list[Recording]:
        """List them; see `NodeClient.ask` for what it raises, as all that follows."""
        return list(self._client.ask("GET", "/api/node/recordings", Recordings).root)

    def recording(self, id: str) -> Recording:
        """Give one with all hashes."""
        return self._client.ask("GET", f"/api/node/recordings/{id}", Recording, timeout_s=30.0)

    def read(
        self, id: str, name: str, start: int, view: memoryview, came: Callable[[int], None]
    ) -> int:
        """Ask for a part of a file."""
        return self._client.read(f"/api/node/recordings/{id}/files/{name}", start, view, came)

    def wait_for_hashes(self, session: str) -> None:
        """Wait until what was recorded for a session is hashed: until then it cannot be had."""
        while not all(r.ready for r in self.recordings() if r.session == session):
            time.sleep(LOOK_S)

    def release(self, id: str, receipt: Receipt) -> None:
        """Have the node delete what is here."""
        self._client.tell("POST", f"/api/node/recordings/{id}/release", receipt, 30.0)


class DiskSource(Source):
    """The data folder of a node, or a copy of it; nothing there is ever deleted."""

    def __init__(self, path: Path, complain: Callable[[str], None] = lambda text: None) -> None:
        """Look into it; `complain` hears of what cannot be read.

        Raises:
            ConfigError: there is no recording of a node in it.
        """
        super().__init__(str(path))
        try:
            self._kept = {kept.id: kept for kept in found_in(path, complain)}
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
        if not self._kept:
            raise ConfigError(
                f"{path}: holds no recording of a node; name the node's data folder, or a copy"
            )

    def recordings(self) -> list[Recording]:
        """List them: whoever carries a disk has ended the node."""
        return [_as_left(kept.told()) for kept in self._kept.values()]

    def recording(self, id: str) -> Recording:
        """Give one with all hashes; what the node did not come to hash is hashed now."""
        kept = self._kept[id]
        told = _as_left(kept.told(blocks=True))
        return told.model_copy(update={"files": tuple(_hashed(kept, f) for f in told.files)})

    def read(
        self, id: str, name: str, start: int, view: memoryview, came: Callable[[int], None]
    ) -> int:
        """Read a part of a file."""
        with self._kept[id].path_of(name).open("rb", buffering=0) as file:
            file.seek(start)
            count = file.readinto(view[:PIECE])
        came(count)
        return count

    def release(self, id: str, receipt: Receipt) -> None:
        """Leave it: a carried disk is its owner's to empty."""


def _as_left(recording: Recording) -> Recording:
    if recording.state is not RecordingState.RECORDING:
        return recording
    return recording.model_copy(update={"state": RecordingState.LEFT})


def _hashed(kept: Kept, file: NodeFile) -> NodeFile:
    if file.sha256 is not None or file.problem is not None:
        return file
    try:
        size, sha256, blocks = hashed_file(kept.path_of(file.name), BLOCK_BYTES, lambda: None)
    except OSError as error:
        return file.model_copy(
            update={"problem": f"cannot be read ({error.strerror}); see the disk"}
        )
    return file.model_copy(
        update={"bytes": size, "sha256": sha256, "blocks": blocks, "block_bytes": BLOCK_BYTES}
    )
