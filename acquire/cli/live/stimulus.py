"""`unisono stimulus`: play a protocol, recorded by whoever listens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import Json
from acquire.cli.unless_named import unless_named
from acquire.errors import ConfigError

if TYPE_CHECKING:  # 0.1 s that --help need not wait for
    from acquire.player.messages import PlayOrder


app = typer.Typer(
    cls=unless_named("play"),
    no_args_is_help=True,
    help="Play a stimulus protocol: unisono stimulus PROTOCOL. Measure the screen: calibrate.",
)

Protocol = Annotated[
    str, typer.Argument(metavar="PROTOCOL", help="A protocol file, or the name of a shipped one.")
]
Participant = Annotated[str, typer.Option(help="A pseudonym, without sub-.")]
Screen = Annotated[int, typer.Option(help="Which screen, from 0.")]
Windowed = Annotated[bool, typer.Option("--windowed", help="In a window, for trying out.")]
LightPort = Annotated[
    int | None, typer.Option(help="UDP port of a simulated photodiode.", hidden=True)
]
Seed = Annotated[int | None, typer.Option(help="In place of the protocol's own.")]


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """How a protocol is shown, and who answers."""

    screen: Screen = 0
    windowed: Windowed = False
    simulate: Annotated[
        bool, typer.Option("--simulate", help="A simulated participant answers.")
    ] = False
    headless: Annotated[bool, typer.Option("--headless", help="Draw nothing.")] = False
    first_trial: Annotated[
        int,
        typer.Option(
            "--from-trial", min=1, help="Leave out what is before: it was played already."
        ),
    ] = 1


def order(protocol: str | None, participant: str, show: ShowOptions) -> PlayOrder | None:
    """Make the order of `record --protocol`; None without a protocol."""
    from acquire.player.messages import PlayOrder

    if protocol is None:
        if show != ShowOptions():
            raise ConfigError(
                "--simulate, --headless, --windowed, --screen and --from-trial need --protocol"
            )
        return None
    return PlayOrder(protocol, participant, **asdict(show))


@app.command()
@gathered
def play(
    protocol: Protocol,
    participant: Participant = "test",
    *,
    show: ShowOptions,
    seed: Seed = None,
    trial: Annotated[
        int | None, typer.Option(min=1, help="Play this one alone, for a look at it.")
    ] = None,
    ratings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the answers to this table.")
    ] = None,
    screenshots: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep a picture of each step.")
    ] = None,
    light_port: LightPort = None,
    as_json: Json = False,
) -> None:
    """Play a protocol; its markers are the LSL stream `protocol`."""
    from acquire.cli.live.performance import PlayOptions, perform
    from acquire.player.messages import PlayOrder

    wanted = PlayOrder(
        protocol,
        participant,
        seed,
        **asdict(show),
        light_port=light_port,
        screenshots=screenshots,
        only_trial=trial,
    )
    result = perform(PlayOptions(wanted, ratings, quiet=as_json))
    if as_json:
        typer.echo(json.dumps(result.as_dict()))
    raise typer.Exit(result.exit_code)


@app.command()
def copy(
    name: Annotated[str, typer.Argument(help="A shipped protocol.")],
    file: Annotated[Path, typer.Argument(metavar="FILE")],
) -> None:
    """Write a shipped protocol to a file that does not exist yet, to be adapted."""
    from acquire.protocol.file import copy_shipped

    copy_shipped(name, file)
    typer.echo(f"{file}: written; try `unisono stimulus {file} --windowed`")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The protocol that is to be made.")],
    source: Annotated[
        Path,
        typer.Option(
            "--from",
            metavar="FOLDER|TABLE",
            help="Clips or pictures (subfolders: categories), or a table with the columns file, "
            "name, code, category, words.",
        ),
    ],
    title: Annotated[str, typer.Option(help="Its title; else the file's name.")] = "",
    order: Annotated[
        str | None,
        typer.Option(help="fixed, shuffled, latin-square or no-repeat (of a category)."),
    ] = None,
    rating: Annotated[
        list[str] | None,
        typer.Option(
            help="valence, arousal, dominance, panas; again for more. none: no questions."
        ),
    ] = None,
    baseline: Annotated[float, typer.Option(min=0, max=3600, help="Seconds; 0: none.")] = 60.0,
) -> None:
    """Make a protocol from a folder of clips or a table of them; every file is looked at."""
    from acquire.cli.live.new_protocol import make
    from acquire.plain_text import plain

    made = make(
        file,
        source,
        title=title,
        order=order,
        ratings=rating,
        baseline_s=baseline,
        complain=lambda fault: typer.echo(plain(fault), err=True),  # a line each
    )
    typer.echo(f"{file}: {made.stimuli} stimuli, about {made.minutes:.0f} min")
    typer.echo(f"look at one: unisono stimulus {file} --windowed --trial 2")


@app.command()
def calibrate(
    screen: Screen = 0,
    windowed: Windowed = False,
    frames: Annotated[int, typer.Option(min=60, max=100_000, help="How many to measure.")] = 300,
    refresh_hz: Annotated[float | None, typer.Option(help="What the screen should have.")] = None,
    photodiode: Annotated[
        str | None,
        typer.Option(metavar="STREAM", help="Marker stream of a photodiode on the patch."),
    ] = None,
    light_port: LightPort = None,
    as_json: Json = False,
) -> None:
    """Measure a screen: refresh rate, jitter and, with a photodiode, the lag to the light."""
    from acquire.cli.live.calibration import calibrate as measure
    from acquire.cli.tables import calibration_table

    found = measure(
        screen=screen,
        windowed=windowed,
        frames=frames,
        refresh_hz=refresh_hz,
        photodiode=photodiode,
        light_port=light_port,
    )
    if as_json:
        typer.echo(json.dumps(found))
    else:
        calibration_table(found)
    raise typer.Exit(1 if found["warnings"] else 0)
