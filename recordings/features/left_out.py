"""What of a session gives no features, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from recordings.errors import RecordingError
from recordings.features.channels import body_channels, body_kinds, eeg_columns, electrodes
from recordings.features.physiology import KINDS
from recordings.read.grid import grid_of
from recordings.read.stream import Stream

Wants = Callable[[str], bool]


def not_there(
    streams: Sequence[Stream], irregular: Sequence[Stream], named: Collection[str], wants: Wants
) -> list[str]:
    """Say which signals are not told of: of streams without a rate, and what was asked for.

    Args:
        streams: with a rate.
        irregular: without.
        named: signals that were asked for by their names.
        wants: whether a signal is wanted.
    """
    notes = [] if streams else ["no signal in this session"]
    for stream in irregular:
        kinds = [kind for kind in dict.fromkeys(body_kinds(stream)) if kind and wants(kind)]
        if kinds:
            notes.append(f"{stream.shown}: {', '.join(kinds)} without a rate: no features of it")
    there = {channel.kind for channel in body_channels(streams)}
    there |= {"EEG" for _ in eeg_columns(streams)}
    if streams and not there and not named:
        known = ", ".join(("EEG", *KINDS))
        notes.append(f"no channel is one of {known}, by its header, its label or its stream's type")
    asked = [kind for kind in ("EEG", *KINDS) if kind in named and kind not in there]
    return notes + [f"no {kind} is in this session" for kind in asked]


def without_grid(
    streams: Sequence[Stream], wants: Wants, *, named: bool
) -> dict[Stream, RecordingError]:
    """Return the streams of which something is wanted that cannot be put on a grid, and why.

    Raises:
        RecordingError: there is no other of which something is wanted, or they were `named`.
    """
    wanted = [s for s in streams if any(kind and wants(kind) for kind in _kinds(s))]
    found: dict[Stream, RecordingError] = {}
    for stream in wanted:
        try:
            grid_of(stream, filled=False)
        except RecordingError as error:
            found[stream] = error
            if named or len(found) == len(wanted):
                raise
    return found


def _kinds(stream: Stream) -> set[str | None]:
    return {*body_kinds(stream), *(("EEG",) if electrodes(stream) else ())}
