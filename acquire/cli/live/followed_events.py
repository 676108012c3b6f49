"""The events of an engine that runs, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from acquire.cli.exits import INTERRUPTED
from acquire.cli.live.engine_client import EngineClient, EngineGone
from acquire.engine.stop_signals import Stopper

POLL_S = 0.5


def past(client: EngineClient) -> Iterator[Any]:
    """Yield the events that an engine still knows, oldest first."""
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


def events_of(client: EngineClient, *, from_now: bool, reconnect: bool) -> Iterator[Any]:
    """Yield events as they come, `from_now` losses too; Ctrl-C ends the command with exit code 3.

    Raises:
        EngineGone: it is gone, unless we are to `reconnect`.
    """
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
            raise typer.Exit(INTERRUPTED)
