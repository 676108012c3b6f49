"""`unisono collect`: what is pending on nodes, fetched by hand or taken from a carried disk."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acquire.cli.options import Json

if TYPE_CHECKING:
    from acquire.cli.sessions.progress import Progress
    from acquire.node.client import NodeClient
    from acquire.node.transfer.collecting import Job
    from acquire.node.transfer.sources import Source
    from acquire.rig.node import NodeTable
    from recordings.manifest import Manifest


def collect(
    path: Annotated[
        Path,
        typer.Argument(metavar="SESSION|DATA_DIR", help="A session, or all of a data folder."),
    ],
    disk: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="PATH", help="A node's data folder, carried here, or a copy of it."
        ),
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="Delete on the node what is here and verified.")
    ] = False,
    node: Annotated[
        str | None,
        typer.Option(
            "--give-up",
            metavar="NODE",
            help="Fetch nothing: call lost what this session waits for from a node.",
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is given up.")
    ] = "given up",
    as_json: Json = False,
) -> None:
    """Fetch videos and own copies that are still on nodes; exit 0 all here, 1 some are pending."""
    from acquire.cli.sessions.progress import Progress
    from acquire.errors import AcquireError
    from acquire.processes.idle import be_idle
    from recordings.errors import RecordingError

    be_idle()  # another program may record here meanwhile
    path = path.expanduser().absolute()
    if node is not None:
        _give_up(path, node, reason, as_json)
        return
    problems: list[str] = []
    sessions = _pending(path, problems, everything=release)
    data_dir = path if path not in sessions else path.parents[min(3, len(path.parents) - 1)]
    only = path if path in sessions else None
    brought: list[str] = []
    progress = Progress(enabled=not as_json)
    for name, opened in _sources(sessions, disk, data_dir, problems.append):
        try:
            with opened() as source:
                refused = _bring_all(source, sessions, data_dir, only, release, progress, brought)
                problems += [f"{name}: {error}" for error in refused]
        except (AcquireError, RecordingError, OSError) as error:
            problems.append(f"{name}: {error}")
    left = [
        f"{s.name}: {p.path} on {p.node}" for s, m in sessions.items() for p in m.load(s).pending
    ]
    _tell(path, brought, left, problems, as_json=as_json)
    raise typer.Exit(2 if problems else 1 if left else 0)


def _tell(
    path: Path, brought: list[str], left: list[str], problems: list[str], *, as_json: bool
) -> None:
    if as_json:
        typer.echo(json.dumps({"collected": brought, "pending": left, "problems": problems}))
    else:
        for line in [*brought, *(f"pending: {line}" for line in left)]:
            typer.echo(line)
        if not (brought or left or problems):
            typer.echo(f"{path}: nothing is pending")
        for line in problems:
            typer.echo(f"error: {line}", err=True)


def _give_up(session: Path, node: str, reason: str, as_json: bool) -> None:
    from acquire.errors import ConfigError
    from acquire.node.transfer.collecting import change_manifest
    from acquire.node.transfer.giving_up import give_up
    from recordings.manifest import MANIFEST_NAME

    if not (session / MANIFEST_NAME).is_file():
        raise ConfigError(f"{session}: is no session; name one session to give up files of")
    lost = give_up(session, node, reason, change_manifest)
    if as_json:
        typer.echo(json.dumps({"lost": lost}))
        return
    for name in lost:
        typer.echo(f"lost: {name}, which was on node {node}")


def _pending(path: Path, problems: list[str], *, everything: bool) -> dict[Path, Manifest]:
    """Find the sessions that wait for files of nodes; `everything`: also those that do not.

    Those that cannot be read are added to `problems`: nobody knows whether they wait.
    """
    from acquire.errors import ConfigError
    from recordings.errors import RecordingError
    from recordings.manifest import MANIFEST_NAME, Manifest
    from recordings.study import catalogue

    if (path / MANIFEST_NAME).is_file():
        return {path: Manifest.load(path)}
    if not path.is_dir():
        raise ConfigError(f"{path}: no such folder; name a session or a data folder")
    found = {}
    for folder in catalogue.folders(path):
        try:
            manifest = Manifest.load(folder)
        except RecordingError as error:
            problems.append(str(error))
            continue
        if manifest.node_run is not None and (manifest.pending or everything):
            found[folder] = manifest
    return found


def _sources(
    sessions: dict[Path, Manifest],
    disk: Path | None,
    data_dir: Path,
    complain: Callable[[str], None],
) -> Iterator[tuple[str, Callable[[], contextlib.AbstractContextManager[Source]]]]:
    """Say where to look: on the disk, or on the nodes that the sessions' rigs name."""
    from acquire.node.transfer.lost_stops import end_what_was_stopped
    from acquire.node.transfer.sources import DiskSource, NodeSource

    if disk is not None:
        yield str(disk), lambda: contextlib.nullcontext(DiskSource(disk, complain))
        return

    @contextlib.contextmanager
    def of_node(table: NodeTable) -> Iterator[Source]:
        with _reached(table) as client:
            source = NodeSource(table.name, client)
            for session in end_what_was_stopped(table.name, client, data_dir):
                text = f"{session}: node {table.name} still recorded it, as the order to stop had "
                typer.echo(f"{text}not reached it; ended where the session ends", err=True)
                source.wait_for_hashes(session)
            yield source

    tables = {t.fingerprint: t for m in sessions.values() for t in _nodes_of(m)}
    for table in tables.values():
        yield f"node {table.name}", lambda table=table: of_node(table)  # type: ignore[misc]


def _reached(table: NodeTable) -> NodeClient:
    """Connect to where a node was when it recorded, else to where it was paired with last.

    One that was set up anew since has another certificate, and is known by its name.
    """
    from acquire.errors import ConfigError
    from acquire.node.client import client_of
    from acquire.node.pairing.known import known_nodes
    from acquire.node.pairing.pinned import Unreachable, WrongCertificate

    try:
        return _asked(client_of(table))
    except (Unreachable, WrongCertificate, ConfigError):
        for known in known_nodes():
            if known.fingerprint == table.fingerprint or known.name == table.name:
                place = {"address": known.address, "fingerprint": known.fingerprint}
                with contextlib.suppress(Unreachable, WrongCertificate):
                    return _asked(client_of(table.model_copy(update=place)))
        raise


def _asked(client: NodeClient) -> NodeClient:
    """Ask a node whether it is there; closed where it is not."""
    from acquire.errors import AcquireError
    from acquire.node.wire.models import NodeInfo

    try:
        client.ask("GET", "/api/node", NodeInfo)
    except AcquireError:
        client.close()
        raise
    return client


def _nodes_of(manifest: Manifest) -> list[NodeTable]:
    from pydantic import ValidationError

    from acquire.rig.node import NodeTable

    found: list[Any] = (manifest.rig or {}).get("node", [])
    tables = []
    for raw in found:
        with contextlib.suppress(ValidationError):
            tables.append(NodeTable.model_validate(raw))
    return tables


def _bring_all(
    source: Source,
    sessions: dict[Path, Manifest],
    data_dir: Path,
    only: Path | None,
    release: bool,
    progress: Progress,
    brought: list[str],
) -> list[Exception]:
    """Bring what a source has; what one session refuses keeps no other from coming.

    Raises:
        AcquireError, RecordingError, OSError: the source cannot be asked any more.
    """
    from acquire.errors import AcquireError
    from acquire.node.pairing.pinned import Unreachable
    from acquire.node.transfer import collecting
    from acquire.node.transfer.giving_up import kept_no_more
    from recordings.errors import RecordingError

    listed = source.recordings()  # before anything is released there
    refused: list[Exception] = []
    for job in collecting.jobs(source, data_dir, only):
        try:
            _bring(source, job, release, progress, brought)
        except Unreachable:
            raise
        except (AcquireError, RecordingError, OSError) as error:
            refused.append(error)
    return refused + [AcquireError(t) for t in kept_no_more(source.node, listed, sessions)]


def _bring(source: Source, job: Job, release: bool, progress: Progress, brought: list[str]) -> None:
    from acquire.node.transfer import collecting

    if not collecting.is_whole(source, job):
        with progress.spinner(f"{job.folder.name} from {source.node}"):
            come = collecting.collect(source, job, collecting.change_manifest)
        if come:
            size = sum(file.bytes for file in job.recording.files)
            text = f"{job.folder.name}: {size / 1e6:,.1f} MB collected from {source.node}"
            brought.append(text)
    if release and collecting.is_whole(source, job):
        collecting.release(source, job)
