"""`unisono node`, `pair` and `nodes`: devices on other computers."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acquire.cli.options import Json
from acquire.plain_text import room

if TYPE_CHECKING:
    from acquire.node.pairing.known import KnownNode

LOOK_S = 3.0
REACH_S = 3.0


def node(
    data_dir: Annotated[
        Path, typer.Option("--data-dir", help="Where this computer keeps what it records.")
    ],
    name: Annotated[
        str, typer.Option(help="What engines call it; default: this computer's name.")
    ] = "",
    host: Annotated[
        str | None, typer.Option(help="Address to listen at; default: all, once it is paired.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = any free.")] = 8766,
    pair: Annotated[
        bool, typer.Option("--pair", help="Show a code, with which one engine can be paired.")
    ] = False,
    announce: Annotated[
        list[str] | None,
        typer.Option(metavar="INTERFACE", help="Also be found by mDNS on this interface."),
    ] = None,
    block_bytes: Annotated[int, typer.Option(min=1, max=1 << 30, hidden=True)] = 8 << 20,
    buffer_s: Annotated[
        int,
        typer.Option(
            "--buffer",
            min=1,
            max=3600,
            help="Seconds of samples that wait for an engine that is cut off; the own copy has "
            "what does not.",
        ),
    ] = 60,
) -> None:
    """Run this computer's cameras and other devices for an engine on another computer."""
    from acquire.engine.stop_signals import Stopper
    from acquire.errors import ConfigError
    from acquire.node.pairing.known import host_name
    from acquire.node.program.program import NodeOrder, run
    from acquire.rig.node import NODE_NAME
    from acquire.server.data_lock import DataLock
    from recordings.layout import prepare_data_dir

    name = name or host_name()
    if not re.fullmatch(NODE_NAME, name):
        raise ConfigError(f"--name {name!r}: use at most 63 letters, digits, - and _")
    folder = data_dir.expanduser().absolute()
    prepare_data_dir(folder)
    stopper = Stopper()
    stopper.listen(stdin=False)
    order = NodeOrder(folder, name, host, port, pair, tuple(announce or ()), block_bytes, buffer_s)
    with DataLock(folder):
        raise typer.Exit(run(order, stopper.wait))


def pair(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="host, or host:port.")],
    code: Annotated[str, typer.Option(help="What the node shows; asked for if not given.")] = "",
    rig: Annotated[
        Path | None, typer.Option(metavar="RIG.toml", help="Append the node to this rig file.")
    ] = None,
    name: Annotated[
        str, typer.Option(help="What the node calls this engine; default: this computer's name.")
    ] = "",
) -> None:
    """Make a node known to this user: it shows a code, which is typed here."""
    from acquire.node.pairing.known import host_name, remember
    from acquire.node.pairing.pair import add_to_rig, rig_lines
    from acquire.node.pairing.pair import pair as pair_with

    code = code or typer.prompt("Code that the node shows")
    known = pair_with(address, code, name or host_name())
    kept = remember(known)
    typer.echo(f"paired with {known.name}; its token is in {kept}", err=True)
    typer.echo(rig_lines(known), nl=False)
    if rig is not None:
        add_to_rig(known, rig)
        typer.echo(f"{rig}: has node {known.name!r} now", err=True)


def nodes(
    look: Annotated[
        str, typer.Option(metavar="INTERFACE", help="Also look by mDNS on this interface.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the nodes that this user has paired with, and whether they are reached."""
    from acquire.node.pairing.discovery import look as look_for
    from acquire.node.pairing.known import known_nodes

    rows = [_row(known) for known in known_nodes()]
    known_prints = {row["fingerprint"] for row in rows}
    found = [asdict(one) for one in look_for(look, LOOK_S)] if look else []
    new = [one for one in found if one["fingerprint"] not in known_prints]
    if as_json:
        typer.echo(json.dumps({"paired": rows, "found": found}))
        return
    for row in rows:
        typer.echo(f"{row['name']}  {row['address']}  {row['state']}")
    for one in new:
        typer.echo(f"{one['name']}  {one['address']}  not paired with; version {one['version']}")
    if not rows and not new:
        typer.echo("no node; start one with `unisono node --pair`, then `unisono pair ADDRESS`")


def _row(known: KnownNode) -> dict[str, Any]:
    import acquire
    from acquire.errors import ControlError
    from acquire.node.client import NodeAddress, NodeClient
    from acquire.node.wire.models import NodeInfo

    row: dict[str, Any] = known.model_dump(exclude={"token"})
    address = NodeAddress(known.name, known.address, known.fingerprint, known.token)
    try:
        with contextlib.closing(NodeClient(address)) as client:
            info = client.ask("GET", "/api/node", NodeInfo, timeout_s=REACH_S)
    except ControlError as error:
        return row | {"reached": False, "state": str(error)}
    state = f"version {info.version}"
    if info.version != acquire.__version__:
        state += f", and this is {acquire.__version__}: install the same on both"
    if info.engine:
        state += f"; {'records' if info.recording else 'runs'} for {info.engine}"
    state += f"; {len(info.kept)} recordings kept, {room(info.disk_free_bytes)} free"
    return row | {"reached": True, "state": state, "version": info.version}
