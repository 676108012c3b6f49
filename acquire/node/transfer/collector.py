"""The thread of an engine that brings what its nodes have recorded, while nothing records.

Nodes are looked at one after the other: two transfers at once would only share one cable's end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from acquire.errors import AcquireError
from acquire.lasting_thread import LastingThread
from acquire.node.client import NodeClient, client_of
from acquire.node.pairing.pinned import Unreachable
from acquire.node.transfer.collecting import Change, Job, Progress, collect, is_whole, jobs, release
from acquire.node.transfer.giving_up import kept_no_more
from acquire.node.transfer.pace import Pace
from acquire.node.transfer.sources import NodeSource
from acquire.processes.idle import be_idle
from acquire.processes.messages import Tell, internal
from acquire.rig.node import NodeTable
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.study.catalogue import Catalogue

LOOK_S: Final = 5.0
"""How often a node is asked for what it keeps."""
REST_S: Final = 0.2


class Left(Exception):
    """The engine is to end; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is being brought from a node now."""

    node: str
    progress: Progress | None = None  # None: nothing is
    rests: bool = False  # while something records
    error: str | None = None  # why the last one ended before it was done


class Collector:
    """Collects from the nodes of a rig until it is closed."""

    def __init__(
        self,
        nodes: Iterable[NodeTable],
        data_dir: Path,
        catalogue: Catalogue,
        is_recording: Callable[[], bool],
        change: Change,
        report: Tell,
        collected: Callable[[Path], None],
    ) -> None:
        """Prepare.

        Args:
            nodes: of the rig; those whose files are fetched by hand are left alone.
            data_dir: where sessions are.
            catalogue: of `data_dir`.
            is_recording: whether the disks and the network belong to a recording.
            change: changes a manifest; see `collecting.Change`.
            report: hears what happens.
            collected: gets each session to which files have come.
        """
        self._nodes = [node for node in nodes if node.transfer != "by-hand"]
        self._data_dir = data_dir
        self._catalogue = catalogue
        self._is_recording = is_recording
        self._change = change
        self._report = report
        self._collected = collected
        self._transfers = {node.name: Transfer(node.name) for node in self._nodes}
        self._failure: dict[str, str] = {}  # by node: what was said of the last try
        self._pace = Pace()
        self._client: NodeClient | None = None  # of the node that is being asked
        self._closing = threading.Event()
        self._thread = LastingThread("collecting", self._run, self._closing, internal(report))

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """What is being brought now, a line a node."""
        return tuple(self._transfers.values())

    def start(self) -> None:
        """Begin, if there is a node to collect from."""
        if self._nodes:
            self._thread.start()

    def close(self) -> None:
        """Leave what is not here yet, a block on its way too: the next engine goes on."""
        self._closing.set()
        if (client := self._client) is not None:
            client.abandon()
        self._thread.end()

    def _run(self) -> None:
        be_idle()
        while not self._closing.is_set():
            for node in self._nodes:
                try:
                    self._collect_from(node)
                except Left:
                    return
                except Unreachable:
                    if self._closing.is_set():  # `close` abandoned it: nothing is known anew
                        return
                    self._note(node.name, progress=None, error=None)  # its connection says so
                except (AcquireError, RecordingError, OSError) as error:
                    self._failed(node.name, str(error))
            self._closing.wait(LOOK_S)

    def _collect_from(self, node: NodeTable) -> None:
        if node.transfer == "between" and self._is_recording():
            return
        failed = []
        with client_of(node) as self._client:
            if self._closing.is_set():  # whoever closes may have looked for a client before
                raise Left
            source = NodeSource(node.name, self._client)
            for job in jobs(source, self._data_dir):
                try:
                    self._bring(node, source, job)
                except Unreachable:
                    raise
                except (AcquireError, RecordingError, OSError) as error:
                    failed.append(str(error))  # of this session: the others come all the same
            failed += kept_no_more(node.name, source.recordings(), self._waiting_for(node.name))
        if failed:
            self._failed(node.name, "; ".join(failed))
        else:
            self._failure.pop(node.name, None)
            self._note(node.name, progress=None, error=None)

    def _waiting_for(self, node: str) -> dict[Path, Manifest]:
        rows = map(self._catalogue.of, self._catalogue.folders())
        return {row.folder: Manifest.load(row.folder) for row in rows if node in row.on_nodes}

    def _bring(self, node: NodeTable, source: NodeSource, job: Job) -> None:
        if not is_whole(source, job):
            begun = time.monotonic()
            if not collect(
                source,
                job,
                self._change,
                lambda count: self._pause(node, count),
                lambda progress: self._note(node.name, progress=progress, error=None),
            ):
                return
            self._note(node.name, progress=None, error=None)  # before anybody hears that it is done
            size = sum(file.bytes for file in job.recording.files)
            seconds = time.monotonic() - begun
            text = (
                f"{job.folder.name}: {size / 1e6:,.1f} MB collected from node {node.name} in "
                f"{seconds:,.0f} s"
            )
            self._report(node.name, "info", "collected", text)
            self._collected(job.folder)
        if node.release and is_whole(source, job):
            release(source, job)
            text = f"{job.folder.name}: deleted on node {node.name}, as the rig's `release` says"
            self._report(node.name, "info", "released", text)

    def _pause(self, node: NodeTable, count: int) -> None:
        """Rest while something records, or go as slowly as the rig says."""
        while node.transfer == "between" and self._is_recording():
            self._note(node.name, rests=True)
            if self._closing.wait(REST_S):
                raise Left
        self._note(node.name, rests=False)
        slow = node.transfer == "while-recording" and self._is_recording()
        rate = node.transfer_mb_per_s * 1e6
        if self._closing.wait(self._pace.wait_s(count, rate, time.monotonic()) if slow else 0.0):
            raise Left

    def _failed(self, node: str, text: str) -> None:
        if self._failure.get(node) != text:  # once: it is tried again every few seconds
            self._report(node, "warning", "not-collected", text)
        self._failure[node] = text
        self._note(node, progress=None, error=text)

    def _note(self, node: str, **changes: object) -> None:
        self._transfers[node] = replace(self._transfers[node], **changes)  # type: ignore[arg-type]
