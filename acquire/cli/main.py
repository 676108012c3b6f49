"""The command line. Every command imports what it needs itself, so that `--help` is fast."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from acquire.cli import desktop
from acquire.cli.doctor import doctor
from acquire.cli.live import ctl, node, simulate, stimulus
from acquire.cli.live.collect import collect
from acquire.cli.sessions import recordings
from acquire.cli.sessions.recordings import Json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Record a face, a brain and a body on one clock.",
)
rig_app = typer.Typer(no_args_is_help=True, help="Make, check or look up a rig file.")
app.add_typer(rig_app, name="rig")
devices_app = typer.Typer()
app.add_typer(devices_app, name="devices")
device_app = typer.Typer(no_args_is_help=True, help="Make a driver of your own.")
app.add_typer(device_app, name="device")
camera_app = typer.Typer(no_args_is_help=True, help="Try out what a camera needs.")
app.add_typer(camera_app, name="camera")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where sessions go; overrides the rig file.")
]
RigFile = Annotated[Path, typer.Argument(metavar="RIG.toml", help="The rig file.")]


def _version(wanted: bool) -> None:
    if wanted:
        from acquire.version import described

        typer.echo(described())
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    logging.basicConfig(
        level=os.environ.get("UNISONO_LOG", "CRITICAL"),
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )


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
def record(
    rig: Annotated[
        Path | None, typer.Argument(metavar="[RIG.toml]", help="The rig file, if any.")
    ] = None,
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
    study: Annotated[str | None, typer.Option(help="The study's name.")] = None,
    participant: Annotated[str | None, typer.Option(help="A pseudonym, without sub-.")] = None,
    session: Annotated[str | None, typer.Option(help="The session's label.")] = None,
    task: Annotated[str | None, typer.Option(help="The task's label.")] = None,
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
    simulate: stimulus.Simulate = False,
    headless: stimulus.Headless = False,
    windowed: stimulus.Windowed = False,
    screen: stimulus.Screen = 0,
    as_json: Json = False,
) -> None:
    """Record a rig, or any LSL streams, until Ctrl-C, SIGTERM or a line `stop`."""
    from acquire.cli.live.record import Order
    from acquire.cli.live.record import record as run
    from acquire.errors import ConfigError
    from acquire.rig import file as rigs
    from acquire.take.folder import Labels

    if xdf is not None and rig is not None:
        raise ConfigError("--xdf records streams, not a rig; leave out one of the two")
    given = {"study": study, "participant": participant, "session": session, "task": task}
    labels = Labels(**{key: value for key, value in given.items() if value is not None})
    order = Order(
        rig=rigs.load_rig(rig) if rig is not None else rigs.EMPTY,
        predicates=tuple(streams or ()),
        seconds=seconds,
        labels=labels,
        data_dir=data_dir,
        xdf=xdf,
        wait_s=wait,
        allow_missing=allow_missing,
        report=not no_report,
        as_json=as_json,
        play=stimulus.order(protocol, labels.participant, simulate, headless, windowed, screen),
    )
    raise typer.Exit(run(order))


@app.command()
def run(
    rig: RigFile,
    seconds: Annotated[float | None, typer.Option(help="How long; default: until stopped.")] = None,
) -> None:
    """Start a rig's devices as LSL streams, without recording."""
    from acquire.cli.live.run import run as run_rig

    raise typer.Exit(run_rig(rig, seconds))


@app.command()
def daemon(
    rig: RigFile,
    host: Annotated[
        str, typer.Option(help="Address to listen at; any but this computer's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the web page and API; 0 = any free.")] = 8765,
    rcs_port: Annotated[
        int, typer.Option(help="Port for LabRecorder's remote control, this computer only.")
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
    from acquire.server.daemon import DaemonOrder
    from acquire.server.daemon import run as run_daemon

    order = DaemonOrder(
        load_rig(rig),
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
def gui(
    rig: Annotated[
        Path | None, typer.Argument(metavar="[RIG.toml]", help="The rig file, if any.")
    ] = None,
    attach: Annotated[
        str | None, typer.Option(metavar="URL", help="Use the daemon at this address.")
    ] = None,
    data_dir: DataDir = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the daemon's token; or set UNISONO_TOKEN.")
    ] = None,
) -> None:
    """Open the recorder window; it starts the rig's daemon, or finds the one that runs."""
    from gui.window.app import WindowOrder
    from gui.window.app import run as show

    raise typer.Exit(show(WindowOrder(rig, attach, data_dir, token_file)))


@app.command()
def review(
    session: Annotated[Path, typer.Argument(metavar="SESSION|XDF", help="A session's folder.")],
    coder: Annotated[
        str, typer.Option("--as", metavar="CODER", help="Code it, in this coder's file.")
    ] = "",
    annotations: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where coders' files lie, if not in the session."),
    ] = None,
    scheme: Annotated[
        str, typer.Option(metavar="NAME|TOML", help="The coding scheme; else the study's.")
    ] = "",
    keys: Annotated[
        Literal["unisono", "datavyu", "boris"], typer.Option(help="The keys of which program.")
    ] = "unisono",
    arbitrate: Annotated[
        str, typer.Option(metavar="ONE,TWO", help="Decide between two coders, as CODER.")
    ] = "",
    motion: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where `unisono motion --to` wrote.")
    ] = None,
) -> None:
    """Look at a session frame by frame, beside its signals and markers; with --as: code it."""
    elsewhere = annotations is not None or motion is not None
    if not coder and (elsewhere or scheme or keys != "unisono" or arbitrate):
        hint = "--annotations --scheme --keys --arbitrate --motion"
        raise typer.BadParameter("only with --as CODER", param_hint=hint)
    pair = _two(arbitrate) if arbitrate else None
    from gui.coding.app import CodingOrder
    from gui.coding.app import run as code
    from gui.review.app import run as show

    if not coder:
        raise typer.Exit(show(session))
    raise typer.Exit(code(CodingOrder(session, coder, annotations, scheme, keys, pair, motion)))


def _two(coders: str) -> tuple[str, str]:
    first, comma, second = (part.strip() for part in coders.partition(","))
    if not comma or not second or "," in second or first == second:
        raise typer.BadParameter("two coders: anna,ben", param_hint="--arbitrate")
    return first, second


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


@devices_app.callback(invoke_without_command=True)
def devices(context: typer.Context, as_json: Json = False) -> None:
    """List the drivers, why one is unavailable, and what is plugged in."""
    if context.invoked_subcommand is not None:
        return
    from acquire.survey.inventory import plugged_in
    from devices.registry import catalogue

    entries = catalogue()
    found = plugged_in(entries)
    if as_json:
        rows = [
            asdict(entry) | {"found": [asdict(f) for f in found.get(entry.name, ())]}
            for entry in entries
        ]
        typer.echo(json.dumps(rows))
        return
    from acquire.cli.tables import drivers_table

    drivers_table(entries, found)


@device_app.command("new")
def device_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Like my-sensor.")],
    folder: Annotated[Path, typer.Option("--to", help="The rig's driver_dir.")] = Path("drivers"),
) -> None:
    """Write a driver to start from, a test of it, and the lines for the rig file."""
    from acquire.rig.new_device import new_device

    driver, test, rig = new_device(name, folder)
    typer.echo(
        f"{driver}: the driver\n{test}: its test; python -m pytest {test}\n\n{rig}", nl=False
    )


@rig_app.command("new")
def rig_new(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    like: Annotated[str, typer.Option(help="simulated, or mmme: that corpus's rig.")] = "simulated",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Stand-ins in place of the vendors' programs.")
    ] = False,
) -> None:
    """Write a rig file to start from."""
    from acquire.rig.templates import new_rig

    new_rig(file, like, simulated=simulated or like == "simulated")
    typer.echo(f"{file}: written; try `unisono record {file} --seconds 10`")


@rig_app.command("check")
def rig_check(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Check a rig file, without starting anything."""
    from acquire.rig.file import load_rig

    rig = load_rig(file)
    names = ", ".join(
        f"{d.name} ({d.driver}{f' on {d.node}' if d.node else ''})" for d in rig.devices
    )
    typer.echo(f"{file}: good. Devices: {names or 'none'}. Expected streams: {len(rig.expect)}.")


@rig_app.command("reference")
def rig_reference() -> None:
    """Print the reference of the rig file, as Markdown."""
    from acquire.rig.reference import reference

    typer.echo(reference(), nl=False)


@camera_app.command("benchmark")
def camera_benchmark(
    file: RigFile,
    seconds: Annotated[float, typer.Option(help="How long for each codec.")] = 3.0,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Measure which codec this computer keeps up with, for each camera of a rig."""
    from acquire.rig.file import load_rig
    from acquire.survey.camera_benchmark import benchmark, sha256_speed
    from acquire.survey.codec_speed import remember
    from recordings.layout import prepare_data_dir

    rig = load_rig(file)
    folder = (data_dir or rig.table.data_dir).expanduser().absolute()
    prepare_data_dir(folder)
    results = benchmark(rig, folder, seconds)
    remember(folder, results, sha256_speed())
    if as_json:
        typer.echo(json.dumps([asdict(result) for result in results]))
        return
    if not results:
        typer.echo(f"{file}: no camera in this rig")
        return
    from acquire.cli.tables import benchmark_table

    benchmark_table(results)


app.add_typer(recordings.app)
app.add_typer(simulate.app, name="simulate")
app.add_typer(ctl.app, name="ctl")
app.add_typer(stimulus.app, name="stimulus")
app.add_typer(desktop.app, name="desktop")
app.command("doctor")(doctor)
for command in (node.node, node.pair, node.nodes, collect):
    app.command()(command)
devices_app.command("doctor", hidden=True)(doctor)  # its name before 0.2


def main() -> None:
    """Run a command; what goes wrong is one line on standard error and exit code 2."""
    _say_anything()
    try:
        app()
    except SystemExit:  # the usual end; what follows would import what `--help` has no use for
        raise
    except KeyboardInterrupt:
        sys.exit(3)
    except BrokenPipeError:  # `unisono streams | head`
        sys.stderr.close()
        sys.exit(0)
    except ModuleNotFoundError as error:
        from acquire.version import extra_of

        extra = extra_of(error.name or "")
        if extra is None:
            raise
        typer.echo(f"error: {error.name} is missing; pip install 'unisono[{extra}]'", err=True)
        sys.exit(2)
    except _refusals() as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        sys.exit(2)


def _say_anything() -> None:
    """Have a sign that a terminal's code page lacks replaced, rather than end the program.

    On Windows what goes into a pipe or a file would be in that code page, and is UTF-8 instead.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where there is no console
            piped = sys.platform == "win32" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if piped else None, errors="replace")


def _refusals() -> tuple[type[Exception], ...]:
    """Name the errors that are an answer; drivers' ones bring numpy, so only once one is raised."""
    from acquire.errors import AcquireError
    from devices.base import DeviceError
    from recordings.errors import RecordingError

    return AcquireError, DeviceError, RecordingError
