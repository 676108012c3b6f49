"""`unisono ctl`: a running engine from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acquire.cli.gathered import gathered
from acquire.cli.options import Json, LabelOptions
from acquire.plain_text import plain, room

if TYPE_CHECKING:
    from acquire.cli.live.engine_client import EngineClient

app = typer.Typer(
    no_args_is_help=True, help="Talk to a running engine: look, start, stop, mark, watch."
)


CONDITIONS = {
    "lost": (
        *("lost", "samples-dropped", "stream-lost", "end-not-received"),
        *("device-lost", "device-broke", "device-died", "device-failed", "device-given-up"),
    ),
    "silent": ("silent", "device-hangs", "device-missing"),
    "disk": ("disk-low", "disk-full", "disk-stop", "node-full", "write-failed", "recording-failed"),
}
"""What `watch --fail-on` can wait for, as codes of events; `lost` is what is counted, as the engine
says it of each stream and has no event of it."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which engine is asked, and how its answer is shown."""

    url: Annotated[str | None, typer.Option(help="Where it is; else the one that runs.")] = None
    data_dir: Annotated[
        Path | None, typer.Option(help="The one that records into this folder.")
    ] = None
    token_file: Annotated[Path | None, typer.Option(help="Its token; else $UNISONO_TOKEN.")] = None
    as_json: Json = False

    @property
    def client(self) -> EngineClient:
        """It, to be asked."""
        from acquire.cli.live.engine_client import EngineClient

        return EngineClient(self.url, self.data_dir, self.token_file)

    def show(self, answer: Any, words: Callable[[Any], Sequence[str]]) -> None:
        """Print an answer, as it came or in words."""
        for line in [json.dumps(answer)] if self.as_json else map(plain, words(answer)):
            typer.echo(line)


@app.command()
@gathered
def status(engine: EngineOptions) -> None:
    """What it does now; exit 1 where something is missing or not alive."""
    answer = engine.client.get("status")
    engine.show(answer, _status_words)
    ill = [s for s in answer["streams"] if s["health"] != "alive"]
    raise typer.Exit(1 if answer["missing"] or ill or answer["error"] else 0)


_STATE_WORDS = {"idle": "ready", "failed": "the last run failed"}
"""For people, as in the window; `--json` has the API's."""


def _status_words(answer: Any) -> list[str]:
    lines = [_STATE_WORDS.get(answer["state"], answer["state"])]
    if answer["session"] and answer["state"] == "recording":
        seconds = answer["clock"] - answer["first_sample"]
        lines[0] += f" for {seconds:.0f} s: {answer['session']}"
    lines += [f"missing: {text}" for text in answer["missing"]]
    lines += [
        f"{stream['name']}: {stream['reason'] or stream['health']}"
        for stream in answer["streams"]
        if stream["health"] != "alive"
    ]
    lines += [_node_words(node) for node in answer["nodes"]]
    lost = sum(stream["lost"] for stream in answer["streams"])
    lines.append(f"{len(answer['streams'])} streams, {lost} samples lost")
    return lines


def _node_words(node: Any) -> str:
    parts = [node["reason"] or node["state"]]
    if node["free_bytes"] is not None:
        parts.append(f"{room(node['free_bytes'])} free")
    if (transfer := node["transfer"]) is not None:
        share = transfer["done"] / max(1, transfer["total"])
        parts.append(f"transfer {share:.0%}{' (rests)' if transfer['rests'] else ''}")
    if node["problem"]:
        parts.append(node["problem"])
    return f"node {node['name']}: {', '.join(parts)}"


@app.command()
@gathered
def start(
    labels: LabelOptions,
    notes: Annotated[str, typer.Option(help="Goes into the session.")] = "",
    *,
    engine: EngineOptions,
) -> None:
    """Begin a recording; exit 1 where another one runs, of other labels than those given."""
    answer = engine.client.post("recording/start", labels.given() | {"notes": notes})
    word = "recording" if answer["started"] else "was recording already"
    engine.show(answer, lambda told: [f"{word}: {told['session']}"])
    raise typer.Exit(0 if answer["labels"] | labels.given() == answer["labels"] else 1)


@app.command()
@gathered
def stop(
    verify: Annotated[bool, typer.Option("--verify", help="Wait for the check.")] = False,
    *,
    engine: EngineOptions,
) -> None:
    """End the recording; exit 1 where it has losses or alarms, 2 where its check fails."""
    answer = engine.client.post("recording/stop", {"verify": verify})
    engine.show(answer, _stopped_words)
    raise typer.Exit(_ended(answer))


@app.command()
@gathered
def split(engine: EngineOptions) -> None:
    """Go on in the next run, without losing a sample; exit 1 where the first has losses."""
    answer = engine.client.post("recording/split", {})
    engine.show(
        answer,
        lambda told: [*_stopped_words(told["before"]), f"recording: {told['after']['session']}"],
    )
    raise typer.Exit(_ended(answer["before"]))


def _stopped_words(answer: Any) -> list[str]:
    if not answer["stopped"] and not answer["session"]:
        return ["nothing was recorded"]
    verdict = f", {answer['verdict']}" if answer["verdict"] else ""
    before = "" if answer["stopped"] else "had ended already: "
    lost = sum(stream["lost"] for stream in answer["streams"])
    return [f"{before}{answer['state']}{verdict}: {answer['session']}; {lost} samples lost"]


def _ended(answer: Any) -> int:
    if answer["error"] or answer["verdict"] == "FAIL":
        return 2
    lost = any(stream["lost"] for stream in answer["streams"])
    return 1 if lost or answer["alarms"] or answer["verdict"] in ("WARN", "PENDING") else 0


@app.command()
@gathered
def mark(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    code: Annotated[int | None, typer.Option(min=1, max=65535, help="Its code.")] = None,
    *,
    engine: EngineOptions,
) -> None:
    """Set a marker now; exit 1 where nothing records it."""
    answer = engine.client.post("markers", {"text": text, "code": code})
    note = "" if answer["recorded"] else "; nothing is being recorded"
    engine.show(answer, lambda told: [f"{text} at {told['stamp']:.6f}{note}"])
    raise typer.Exit(0 if answer["recorded"] else 1)


@app.command()
@gathered
def devices(engine: EngineOptions) -> None:
    """Its devices; exit 1 where one has failed or stalls."""
    answer = engine.client.get("devices")
    engine.show(
        answer,
        lambda told: [
            f"{d['name']} ({d['driver']}): {d['state']}{': ' + d['error'] if d['error'] else ''}"
            for d in told
        ],
    )
    raise typer.Exit(1 if any(d["state"] in ("failed", "stalled") for d in answer) else 0)


@app.command()
@gathered
def streams(engine: EngineOptions) -> None:
    """Its streams; exit 1 where one is not alive."""
    answer = engine.client.get("streams")
    engine.show(
        answer,
        lambda told: [
            f"{s['name']} ({s['type']}): {s['health']}, {s['samples']} samples, {s['lost']} lost"
            for s in told
        ],
    )
    raise typer.Exit(1 if any(s["health"] != "alive" for s in answer) else 0)


@app.command()
@gathered
def events(
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C, also when it is started anew.")
    ] = False,
    *,
    engine: EngineOptions,
) -> None:
    """What has happened, oldest first."""
    from acquire.cli.live.followed_events import events_of, past

    client = engine.client
    for event in events_of(client, from_now=False, reconnect=True) if follow else past(client):
        engine.show(event, _event_words)


@app.command()
@gathered
def watch(
    fail_on: Annotated[
        str, typer.Option(help=f"Any of {', '.join(CONDITIONS)}, with commas between.")
    ] = "lost,silent,disk",
    *,
    engine: EngineOptions,
) -> None:
    """Wait for trouble: exit 1 when it comes, 2 when the engine is gone, 3 on Ctrl-C."""
    from acquire.cli.live.followed_events import events_of
    from acquire.errors import ConfigError

    wanted = [name.strip() for name in fail_on.split(",")]
    if unknown := [name for name in wanted if name not in CONDITIONS]:
        known = ", ".join(CONDITIONS)
        raise ConfigError(f"--fail-on {unknown[0]}: there are {known}")
    codes = {code for name in wanted for code in CONDITIONS[name]}
    for event in events_of(engine.client, from_now=True, reconnect=False):
        if event["code"] in codes:
            engine.show(event, _event_words)
            raise typer.Exit(1)


def _event_words(event: Any) -> list[str]:
    return [f"{event['time']:.3f} {event['level']} {event['code']}: {event['text']}"]
