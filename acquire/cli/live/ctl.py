"""`unisono ctl`: a running engine from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from acquire.cli.options import Json
from acquire.plain_text import plain

app = typer.Typer(
    no_args_is_help=True, help="Talk to a running engine: look, start, stop, mark, watch."
)

POLL_S = 0.5
Url = Annotated[str | None, typer.Option("--url", help="Where it is; else the one that runs.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The one that records into this folder.")
]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="Its token; else $UNISONO_TOKEN.")
]
Label = Annotated[str | None, typer.Option()]

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


def _client(url: str | None, data_dir: Path | None, token_file: Path | None) -> Any:
    from acquire.cli.live.engine_client import EngineClient

    return EngineClient(url, data_dir, token_file)


def _show(answer: Any, as_json: bool, words: Callable[[Any], Sequence[str]]) -> None:
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        for line in words(answer):
            typer.echo(line)


@app.command()
def status(
    url: Url = None, data_dir: DataDir = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """What it does now; exit 1 where something is missing or not alive."""
    answer = _client(url, data_dir, token_file).get("status")
    _show(answer, as_json, _status_words)
    ill = [s for s in answer["streams"] if s["health"] != "alive"]
    raise typer.Exit(1 if answer["missing"] or ill or answer["error"] else 0)


def _status_words(answer: Any) -> list[str]:
    lines = [str(answer["state"])]
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
        parts.append(f"{node['free_bytes'] / 1e9:,.0f} GB free")
    if (transfer := node["transfer"]) is not None:
        share = transfer["done"] / max(1, transfer["total"])
        parts.append(f"transfer {share:.0%}{' (rests)' if transfer['rests'] else ''}")
    if node["problem"]:
        parts.append(node["problem"])
    return f"node {node['name']}: {', '.join(parts)}"


@app.command()
def start(
    participant: Label = None,
    session: Label = None,
    task: Label = None,
    study: Label = None,
    notes: Annotated[str, typer.Option(help="Goes into the session.")] = "",
    url: Url = None,
    data_dir: DataDir = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Begin a recording."""
    labels = {"participant": participant, "session": session, "task": task, "study": study}
    order = {key: value for key, value in labels.items() if value is not None} | {"notes": notes}
    answer = _client(url, data_dir, token_file).post("recording/start", order)
    word = "recording" if answer["started"] else "was recording already"
    _show(answer, as_json, lambda told: [f"{word}: {told['session']}"])


@app.command()
def stop(
    verify: Annotated[bool, typer.Option("--verify", help="Wait for the check.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """End the recording; exit 1 where it has losses or alarms."""
    answer = _client(url, data_dir, token_file).post("recording/stop", {"verify": verify})
    _show(answer, as_json, _stopped_words)
    raise typer.Exit(_ended(answer))


@app.command()
def split(
    url: Url = None, data_dir: DataDir = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """Go on in the next run, without losing a sample; exit 1 where the first has losses."""
    answer = _client(url, data_dir, token_file).post("recording/split", {})
    _show(
        answer,
        as_json,
        lambda told: [*_stopped_words(told["before"]), f"recording: {told['after']['session']}"],
    )
    raise typer.Exit(_ended(answer["before"]))


def _stopped_words(answer: Any) -> list[str]:
    if not answer["stopped"] and not answer["session"]:
        return ["nothing was recorded"]
    verdict = f", {answer['verdict']}" if answer["verdict"] else ""
    lost = sum(stream["lost"] for stream in answer["streams"])
    return [f"{answer['state']}{verdict}: {answer['session']}; {lost} samples lost"]


def _ended(answer: Any) -> int:
    if answer["error"] or answer["verdict"] == "FAIL":
        return 2
    lost = any(stream["lost"] for stream in answer["streams"])
    return 1 if lost or answer["alarms"] or answer["verdict"] in ("WARN", "PENDING") else 0


@app.command()
def mark(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    code: Annotated[int | None, typer.Option(min=1, max=65535, help="Its code.")] = None,
    url: Url = None,
    data_dir: DataDir = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Set a marker now; exit 1 where nothing records it."""
    answer = _client(url, data_dir, token_file).post("markers", {"text": text, "code": code})
    note = "" if answer["recorded"] else "; nothing is being recorded"
    _show(answer, as_json, lambda told: [plain(f"{text} at {told['stamp']:.6f}{note}")])
    raise typer.Exit(0 if answer["recorded"] else 1)


@app.command()
def devices(
    url: Url = None, data_dir: DataDir = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """Its devices; exit 1 where one has failed or stalls."""
    answer = _client(url, data_dir, token_file).get("devices")
    _show(
        answer,
        as_json,
        lambda told: [
            f"{d['name']} ({d['driver']}): {d['state']}{': ' + d['error'] if d['error'] else ''}"
            for d in told
        ],
    )
    raise typer.Exit(1 if any(d["state"] in ("failed", "stalled") for d in answer) else 0)


@app.command()
def streams(
    url: Url = None, data_dir: DataDir = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """Its streams; exit 1 where one is not alive."""
    answer = _client(url, data_dir, token_file).get("streams")
    _show(
        answer,
        as_json,
        lambda told: [
            f"{s['name']} ({s['type']}): {s['health']}, {s['samples']} samples, {s['lost']} lost"
            for s in told
        ],
    )
    raise typer.Exit(1 if any(s["health"] != "alive" for s in answer) else 0)


@app.command()
def events(
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C, also when it is started anew.")
    ] = False,
    url: Url = None,
    data_dir: DataDir = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """What has happened, oldest first."""
    client = _client(url, data_dir, token_file)
    for event in _events(client, from_now=False, reconnect=True) if follow else _past(client):
        typer.echo(json.dumps(event) if as_json else _event_words(event))


@app.command()
def watch(
    fail_on: Annotated[
        str, typer.Option(help=f"Any of {', '.join(CONDITIONS)}, with commas between.")
    ] = "lost,silent,disk",
    url: Url = None,
    data_dir: DataDir = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Wait for trouble: exit 1 when it comes, 2 when the engine is gone, 3 on Ctrl-C."""
    from acquire.errors import ConfigError

    wanted = [name.strip() for name in fail_on.split(",")]
    if unknown := [name for name in wanted if name not in CONDITIONS]:
        known = ", ".join(CONDITIONS)
        raise ConfigError(f"--fail-on {unknown[0]}: there are {known}")
    codes = {code for name in wanted for code in CONDITIONS[name]}
    client = _client(url, data_dir, token_file)
    for event in _events(client, from_now=True, reconnect=False):
        if event["code"] in codes:
            typer.echo(json.dumps(event) if as_json else _event_words(event))
            raise typer.Exit(1)


def _event_words(event: Any) -> str:
    return plain(f"{event['time']:.3f} {event['level']} {event['code']}: {event['text']}")


def _past(client: Any) -> Iterator[Any]:
    return (row["event"] for row in client.get("events?after=0&limit=1000"))


class _Losses:
    """What streams have lost since this was begun, by the engine's own count."""

    def __init__(self, status: Any) -> None:
        self._known = _lost(status)

    def new(self, status: Any) -> Iterator[Any]:
        """Yield, as events, what has been lost since the last look."""
        known, self._known = self._known, _lost(status)
        for name, lost in self._known.items():
            before = known.get(name, 0)
            more = lost - before if lost >= before else lost  # a recording counts its own, from 0
            if more:
                told = {"time": status["clock"], "source": name, "level": "warning", "code": "lost"}
                yield {**told, "text": f"{name}: {more:,} samples lost"}


def _lost(status: Any) -> dict[str, int]:
    return {stream["name"]: stream["lost"] for stream in status["streams"]}


def _events(client: Any, *, from_now: bool, reconnect: bool) -> Iterator[Any]:
    """Yield events as they come, `from_now` losses too; Ctrl-C ends the command with exit code 3.

    Raises:
        EngineGone: it is gone, unless we are to `reconnect`.
    """
    from acquire.cli.live.engine_client import EngineGone
    from acquire.engine.stop_signals import Stopper

    stopper = Stopper()
    stopper.listen(stdin=False)
    status: Any = client.get("status") if from_now else None
    losses = _Losses(status) if status is not None else None
    after = status["last_event"] if status is not None else 0
    typer.echo(f"listening to {client.url}", err=True)
    is_gone = False
    while True:
        try:
            rows = client.get(f"events?after={after}&limit=1000")
            status = client.get("status") if losses is not None or not rows else None
            if not rows and status["last_event"] < after:
                after = 0  # another engine: it counts anew
                continue
            if is_gone:
                typer.echo(f"listening to {client.url} again", err=True)
            is_gone = False
        except EngineGone as error:
            if not reconnect:
                raise
            if not is_gone:
                typer.echo(f"{error}; it is waited for", err=True)
            is_gone, rows = True, []
            client.find_again()
        for row in rows:
            after = row["number"]
            yield row["event"]
        if losses is not None:
            yield from losses.new(status)
        if stopper.wait(POLL_S):
            raise typer.Exit(3)
