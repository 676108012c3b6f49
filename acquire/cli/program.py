"""The command line. Every command imports what it needs itself, so that `--help` is fast."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from acquire.cli import desktop, rig, windows
from acquire.cli.doctor import doctor
from acquire.cli.live import commands, ctl, node, simulate, stimulus
from acquire.cli.live.collect import collect
from acquire.cli.sections import InSections
from acquire.cli.sessions import recordings
from acquire.plain_text import told

app = typer.Typer(
    cls=InSections,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Record a face, a brain and a body on one clock.",
)


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
    # None of ours: the search for them reads what every installed package says, in each process.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    logging.basicConfig(
        level=os.environ.get("UNISONO_LOG", "CRITICAL"),
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )


app.add_typer(commands.app)
app.add_typer(windows.app)
app.add_typer(rig.rig_app, name="rig")
app.add_typer(rig.devices_app, name="devices")
app.add_typer(rig.device_app, name="device")
app.add_typer(rig.camera_app, name="camera")
app.add_typer(recordings.app)
app.add_typer(simulate.app, name="simulate")
app.add_typer(ctl.app, name="ctl")
app.add_typer(stimulus.app, name="stimulus")
app.add_typer(desktop.app, name="desktop")
app.command("doctor")(doctor)
for command in (node.node, node.pair, node.nodes, collect):
    app.command()(command)
rig.devices_app.command("doctor", hidden=True)(doctor)  # its name before 0.2


def run() -> None:
    """Run a command; what goes wrong is one line on standard error and exit code 2."""
    _have_standard_files()
    _say_anything()
    try:
        sys.argv[1:] = map(_with_home, sys.argv[1:])
        app()
    except SystemExit:  # the usual end; what follows would import what `--help` has no use for
        raise
    except ModuleNotFoundError as error:
        from acquire.version import extra_of

        extra = extra_of(error.name or "")
        if extra is None:
            raise
        typer.echo(f"error: {error.name} is missing; pip install 'unisono[{extra}]'", err=True)
        sys.exit(2)
    except _refusals() as error:
        typer.echo(f"error: {told(error)}", err=True)
        sys.exit(2)
    except RuntimeError as error:  # of pathlib or platformdirs: `docker run --user`, a bare service
        if "home directory" not in str(error):
            raise
        typer.echo("error: this user has no home directory; set the variable HOME", err=True)
        sys.exit(2)
    except OSError as error:  # a name that is too long, a folder that may not be read
        logging.getLogger(__name__).debug("", exc_info=error)
        where = f"{error.filename}: " if error.filename else ""
        why = f"{where}{error.strerror or error}; see whether the path is right and may be used"
        typer.echo(f"error: {told(why)}", err=True)
        sys.exit(2)


def _have_standard_files() -> None:
    """Open what was closed by whoever started this: cron's `>&-`, a service, no console.

    Else the next files that are opened are the standard ones, and what a library writes on its
    standard error is in a recording.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # in the order of their numbers: each gets its own
            file = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, file)


def _say_anything() -> None:
    """Have a sign that a terminal's code page lacks replaced, rather than end the program.

    On Windows what goes into a pipe or a file would be in that code page, and is UTF-8 instead.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where there is no console
            piped = sys.platform == "win32" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if piped else None, errors="replace")


def _with_home(word: str) -> str:
    """Write out a ~ that the shell has left: Windows' leave each, bash that of `--to=~/x`.

    Else a folder of that name is made, which somebody then deletes.
    """
    option, path = "", word
    if word.startswith("--"):
        option, equals, path = word.partition("=")
        option += equals
    return option + str(Path(path).expanduser()) if path.startswith(("~/", "~\\")) else word


def _refusals() -> tuple[type[Exception], ...]:
    """Name the errors that are an answer; drivers' ones bring numpy, so only once one is raised."""
    from acquire.errors import AcquireError
    from devices.base import DeviceError
    from recordings.errors import RecordingError

    return AcquireError, DeviceError, RecordingError
