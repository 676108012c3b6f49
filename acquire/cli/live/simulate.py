"""`unisono simulate`: a study, or the network server of an amplifier's own program, out of nothing.

What is played is the world of the simulated devices; a driver cannot tell a server from the real
program by anything but its model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acquire.cli.options import Json
from acquire.errors import ConfigError

if TYPE_CHECKING:
    from devices.simulation.servers.serving import Signals

app = typer.Typer(
    no_args_is_help=True,
    help="Make a study of simulated sessions, or stand in for an amplifier's own program: its "
    "network server, with simulated signals.",
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """One program: what its signals are, where it listens, and what makes its server."""

    program: str
    source: str  # the driver whose signals are played
    port: int
    make: Callable[[Signals, str, int], Any]
    rate_hz: float = 1000.0


def _tcp(module: str, conversation: str, **more: Any) -> Callable[[Signals, str, int], Any]:
    def make(signals: Signals, host: str, port: int) -> Any:
        from importlib import import_module

        from devices.simulation.servers.serving import Server

        kind = getattr(import_module(f"devices.simulation.servers.{module}"), conversation)
        return Server(host, port, lambda: kind(signals, **more))

    return make


def _unicorn(signals: Signals, host: str, port: int) -> Any:
    from devices.simulation.servers.unicorn_server import UnicornServer

    if port == 0:
        raise ConfigError("--port 0: Unicorn UDP sends to a port, so there is none to be chosen")
    return UnicornServer(host, port)


def _egi(signals: Signals, host: str, port: int) -> Any:
    from devices.simulation.servers.egi_server import EgiServer

    return EgiServer(signals, host, port, port - 2 if port > 2 else 0)


def _biopac(signals: Signals, host: str, port: int) -> Any:
    from devices.network.biopac.control import DISCOVERY_PORT
    from devices.simulation.servers.biopac_server import BiopacServer

    # Of several on one computer, the one at AcqKnowledge's own port is found without its port.
    discovery_port = DISCOVERY_PORT if port == BIOPAC_PORT else None
    return BiopacServer(signals, host, port, discovery_port=discovery_port)


BIOPAC_PORT = 15010
STAND_INS = {
    "brain-products-rda": StandIn(
        "BrainVision Recorder", "simulated-eeg", 51244, _tcp("rda_server", "RdaConversation")
    ),
    "curry": StandIn("CURRY 8", "simulated-eeg", 4455, _tcp("curry_server", "CurryConversation")),
    "scan": StandIn(
        "SCAN 4.5 Acquire", "simulated-eeg", 4000, _tcp("scan_server", "ScanConversation")
    ),
    "egi-ampserver": StandIn("AmpServer", "simulated-eeg", 9879, _egi),
    "biosemi": StandIn(
        "BioSemi ActiView", "simulated-eeg", 8888, _tcp("unframed_servers", "BiosemiConversation")
    ),
    "neuracle": StandIn(
        "Neuracle DataService",
        "simulated-eeg",
        8712,
        _tcp("unframed_servers", "NeuracleConversation"),
    ),
    "unicorn-udp": StandIn("Unicorn UDP", "simulated-eeg", 1000, _unicorn, 250.0),
    "gazepoint": StandIn(
        "Gazepoint Control", "simulated-eeg", 4242, _tcp("gaze_server", "GazeConversation"), 60.0
    ),
    "shimmer3": StandIn(
        "a Shimmer3", "simulated-physio", 2000, _tcp("shimmer_unit", "ShimmerConversation")
    ),
    "biopac": StandIn("AcqKnowledge", "simulated-physio", BIOPAC_PORT, _biopac),
}
"""By the driver that reads them."""


@app.command()
def study(
    participants: Annotated[int, typer.Option(help="How many sessions: one of each.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The data folder.")],
    seconds: Annotated[float, typer.Option(min=1, max=86_400, help="Of each session.")] = 60.0,
    name: Annotated[str, typer.Option("--study", help="The study's name.")] = "simulated",
    seed: Annotated[int, typer.Option(min=0, help="The same gives the same files.")] = 1,
    jobs: Annotated[int, typer.Option(help="Sessions at a time; 0 = one a core.")] = 0,
    no_video: Annotated[bool, typer.Option("--no-video", help="No camera.")] = False,
    size: Annotated[str, typer.Option(help="Of the pictures, pixels.")] = "320x240",
    rate_hz: Annotated[float, typer.Option("--rate", help="Pictures a second.")] = 60.0,
    look: Annotated[
        Literal["drawn", "textured"],
        typer.Option(help="Of the face: drawn, its mouth moves; textured, what truly does."),
    ] = "drawn",
    broken: Annotated[
        list[str] | None,
        typer.Option(metavar="07=FAULT", help="Break a participant's session; may be repeated."),
    ] = None,
    coders: Annotated[int, typer.Option(help="Simulated coders, who have coded each session.")] = 0,
    as_json: Json = False,
) -> None:
    """Write whole sessions of simulated devices, with their truth, faster than time.

    What was interrupted goes on where it was, with the same options.
    """
    import os

    from acquire.simulation.rig import Film
    from acquire.simulation.study import StudyOrder, check_order, write_study

    film = None if no_video else Film(*_size(size), rate_hz, look=look)
    faults = dict(_fault(text) for text in broken or ())
    order = StudyOrder(
        to.expanduser().absolute(), participants, name, seconds, seed, film, faults,
        jobs or os.cpu_count() or 1, coders,
    )  # fmt: skip
    check_order(order)
    there = count = participants - len(order.waiting())

    def tell(folder: Path) -> None:
        nonlocal count
        count += 1
        if not as_json:
            typer.echo(f"{count}/{participants} {folder.name}")

    if not as_json:
        typer.echo(f"{participants} simulated sessions, about {order.bytes() / 1e9:.2f} GB")
    if there and not as_json:
        typer.echo(f"{there} are there already")
    write_study(order, tell)
    if as_json:
        typer.echo(json.dumps({"folder": str(order.folder), "sessions": count, "seed": seed}))
    else:
        typer.echo(f"{order.folder}: written; `unisono study status {order.data_dir}` lists it")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ConfigError(f"--size {text!r}: write WIDTHxHEIGHT, for instance 320x240")
    return int(width), int(height)


def _fault(text: str) -> tuple[str, str]:
    label, equals, fault = text.partition("=")
    if not equals:
        raise ConfigError(f"--broken {text!r}: write PARTICIPANT=FAULT, for instance 07=damaged")
    return label, fault


def serve(
    stand_in: StandIn,
    host: str,
    port: int,
    settings: dict[str, Any],
    seconds: float | None,
    as_json: bool,
) -> None:
    """Play until Ctrl-C or SIGTERM, or for so long.

    Raises:
        ConfigError: a setting is out of range.
        DeviceError: the port is taken.
    """
    import math
    from threading import Event

    from pydantic import ValidationError

    from acquire.engine.stop_signals import Stopper
    from acquire.lsl.clock import LslClock
    from acquire.validation_text import first_problem
    from devices.registry import find
    from devices.simulation.servers.serving import packets, signals_of

    stopper = Stopper()
    stopper.listen(stdin=False)
    driver = find(stand_in.source)
    clock = LslClock(Event())
    try:
        source = driver(driver.Settings(name="amplifier", **settings), clock)
    except ValidationError as error:
        raise ConfigError(first_problem(error, driver.Settings)) from error
    signals = signals_of(source.open())
    server = stand_in.make(signals, host, port)
    try:
        typer.echo(_announcement(stand_in, host, server.port, signals, as_json))
        end = clock.now() + seconds if seconds is not None else math.inf
        for packet in packets(source):
            server.turn(packet)
            if stopper.stopped or clock.now() > end:
                return
    finally:
        server.close()
        source.close()


def _announcement(stand_in: StandIn, host: str, port: int, signals: Signals, as_json: bool) -> str:
    count = len(signals.channels)
    if as_json:
        told = {"program": stand_in.program, "host": host, "port": port, "channels": count}
        return json.dumps(told | {"rate_hz": signals.rate_hz})
    return (
        f"simulated {stand_in.program}: {count} channels at {signals.rate_hz:g} Hz on {host} "
        f"port {port}; Ctrl-C ends it"
    )


def _add(name: str, stand_in: StandIn) -> None:
    def command(
        host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
        port: Annotated[
            int, typer.Option(min=0, max=65535, help="0: any free one.")
        ] = stand_in.port,
        rate_hz: Annotated[
            float, typer.Option("--rate", help="Samples a second.")
        ] = stand_in.rate_hz,
        channels: Annotated[
            int | None, typer.Option(min=1, max=64, help="Electrodes of the cap, of 64.")
        ] = None,
        seed: Annotated[int, typer.Option(help="Which simulated world.")] = 1,
        seconds: Annotated[float | None, typer.Option(help="How long; default: for ever.")] = None,
        as_json: Json = False,
    ) -> None:
        settings: dict[str, Any] = {"rate_hz": rate_hz, "seed": seed}
        if channels is not None and stand_in.source != "simulated-eeg":
            raise ConfigError(
                f"{stand_in.program} is played with 16 channels; leave --channels out"
            )
        if channels is not None:
            settings["channels"] = channels
        serve(stand_in, host, port, settings, seconds, as_json)

    app.command(name, help=f"Stand in for {stand_in.program} (driver {name}).")(command)


for _name, _stand_in in STAND_INS.items():
    _add(_name, _stand_in)
