"""`unisono rig`, `devices`, `device` and `camera`: what a rig is made of."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acquire.cli.options import DataDir, Json, RigFile
from acquire.plain_text import told

if TYPE_CHECKING:
    from devices.base import DeviceError

rig_app = typer.Typer(no_args_is_help=True, help="Make, check or look up a rig file.")
devices_app = typer.Typer()
device_app = typer.Typer(no_args_is_help=True, help="Make a driver of your own.")
camera_app = typer.Typer(no_args_is_help=True, help="Try out what a camera needs.")


@devices_app.callback(invoke_without_command=True)
def devices(context: typer.Context, as_json: Json = False) -> None:
    """List the drivers, why one is unavailable, and what is plugged in."""
    if context.invoked_subcommand is not None:
        return
    from acquire.survey.inventory import drivers

    entries, found = drivers()
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
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="How long for each codec.")
    ] = 3.0,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Measure which codec this computer keeps up with, for each camera of a rig.

    Exit 2 where a device cannot be opened; the others are measured all the same.
    """
    from acquire.cli.sessions.progress import warn
    from acquire.rig.file import load_rig
    from acquire.survey.camera_benchmark import benchmark, sha256_speed
    from acquire.survey.codec_speed import remember
    from recordings.layout import prepare_data_dir

    rig = load_rig(file)
    folder = rig.data_folder(data_dir)
    prepare_data_dir(folder)
    failed: list[DeviceError] = []
    results = benchmark(rig, folder, seconds, failed.append)
    if results:
        remember(folder, results, sha256_speed())
    if as_json:
        typer.echo(json.dumps([asdict(result) for result in results]))
    elif results:
        from acquire.cli.tables import benchmark_table

        benchmark_table(results)
    elif not failed:
        typer.echo(f"{file}: no camera on this computer in this rig")
    for error in failed:
        warn(f"error: {told(error)}")
    raise typer.Exit(2 if failed else 0)
