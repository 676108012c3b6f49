"""`unisono demo`, `record`, `run`, `daemon` and `streams`: what each takes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from acquire.cli.gathered import gathered
from acquire.cli.live import stimulus
from acquire.cli.options import DataDir, Json, LabelOptions, RigFile, RigIfAny
from acquire.cli.uncollected import uncollected

app = typer.Typer()


@app.command()
def demo(
    seconds: Annotated[
        float | None, typer.Option(help="Stop before the protocol ends, after about 50 s.")
    ] = None,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(help="Which simulated world.")] = 1,
    as_json: Json = False,
) -> None:
    """Play a short protocol to the simulated rig, record, check and report it."""
    from acquire.cli.live.demo import demo_order
    from acquire.cli.live.record import record as run

    raise typer.Exit(run(demo_order(seconds, data_dir, seed, as_json)))


@app.command()
@gathered
def record(
    rig: RigIfAny = None,
    streams: Annotated[
        list[str] | None,
        typer.Option(
            "--streams",
            metavar="PREDICATE",
            help="Also these streams, e.g. \"type='EEG' and starts-with(name,'Cyton')\". "
            "Without any and without a rig: every stream found.",
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="How long; default: until stopped.")] = None,
    *,
    named: LabelOptions,
    data_dir: DataDir = None,
    wait: Annotated[
        float, typer.Option(min=0, help="How long to look for what is expected, s.")
    ] = 10.0,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Record without what is still missing.")
    ] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="No check, no report.")] = False,
    xdf: Annotated[
        Path | None, typer.Option("--xdf", metavar="FILE", help="Record to a bare XDF file.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Play this protocol; its end is the recording's.")
    ] = None,
    show: stimulus.ShowOptions,
    as_json: Json = False,
) -> None:
    """Record a rig, or any LSL streams, until Ctrl-C, SIGTERM or a line `stop`."""
    from acquire.errors import ConfigError
    from acquire.rig import file as rigs

    if xdf is not None and rig is not None:
        raise ConfigError("--xdf records streams, not a rig; leave out one of the two")
    read = rigs.load_rig(rig) if rig is not None else rigs.no_rig()
    # Only now what takes longer to import than a rig file to read: a mistake in it is said at once.
    with uncollected():
        from acquire.cli.live.record import Order
        from acquire.cli.live.record import record as run
        from acquire.take.folder import Labels

    labels = Labels(**named.given())
    order = Order(
        rig=read,
        predicates=tuple(streams or ()),
        seconds=seconds,
        labels=labels,
        data_dir=data_dir,
        xdf=xdf,
        wait_s=wait,
        allow_missing=allow_missing,
        report=not no_report,
        as_json=as_json,
        play=stimulus.order(protocol, labels.participant, show),
    )
    raise typer.Exit(run(order))


@app.command()
def run(
    rig: RigFile,
    seconds: Annotated[float | None, typer.Option(help="How long; default: until stopped.")] = None,
) -> None:
    """Start a rig's devices as LSL streams, without recording."""
    from acquire.rig.file import load_rig

    read = load_rig(rig)  # before the import of an engine: a mistake in it is said at once
    with uncollected():
        from acquire.cli.live.run import run_rig

    raise typer.Exit(run_rig(read, seconds))


@app.command()
def daemon(
    rig: RigFile,
    host: Annotated[
        str, typer.Option(help="Address to listen at; any but this computer's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the web page and API; 0 = any free.")
    ] = 8765,
    rcs_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            help="Port for LabRecorder's remote control, this computer only; 0 = any free.",
        ),
    ] = 22345,
    data_dir: DataDir = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token; or set UNISONO_TOKEN.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate for https, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM, without password.")] = None,
    rcs_to_anyone: Annotated[
        bool,
        typer.Option(
            "--rcs-to-anyone",
            help="Let whoever reaches --host start and stop by RCS: it has no password.",
        ),
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Do not check sessions after their closing.")
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Record also while there is no stream of data."),
    ] = False,
) -> None:
    """Run a rig without a window, for weeks, and record when told over the network."""
    from acquire.rig.file import load_rig

    read = load_rig(rig)  # before the import of a server: a mistake in it is said at once
    with uncollected():
        from acquire.server.daemon import DaemonOrder
        from acquire.server.daemon import run as run_daemon

    order = DaemonOrder(
        read,
        host,
        port,
        rcs_port,
        data_dir,
        token_file,
        tls_cert,
        tls_key,
        rcs_to_anyone,
        allow_missing,
        checks=not no_report,
    )
    raise typer.Exit(run_daemon(order))


@app.command()
def streams(
    wait: Annotated[float, typer.Option(min=0, help="How long to watch, s.")] = 2.0,
    as_json: Json = False,
) -> None:
    """List the LSL streams on the network, with nominal and measured rates."""
    from acquire.lsl.config import configuration, configure
    from acquire.survey.inventory import look

    configure(configuration())
    seen = look(wait)
    if as_json:
        typer.echo(json.dumps([asdict(s) for s in seen]))
        return
    if not seen:
        typer.echo("no stream found; start a device, or `unisono run RIG.toml`")
        return
    from acquire.cli.tables import streams_table

    streams_table(seen)
