"""What should be in a recording and is not: data, devices, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recordings.certificate import Finding
from recordings.check.streams.stream_exam import StreamExam
from recordings.manifest import Manifest
from recordings.stream_kinds import EVENTS_STREAM, PLAYER_STREAM

_TROUBLES = frozenset(
    {
        *("device-failed", "device-died", "device-broke", "device-given-up", "device-hangs"),
        *("device-missing", "samples-dropped", "stream-refused", "pump-stuck", "video-gone"),
        *("copy-failed", "copy-incomplete"),
    }
)
"""The codes of events that a certificate must not pass over."""
_BY_CHOICE = "not-selected"
_DAMAGED = frozenset({"was-missing", "was-changed"})
"""Of a repair: the original was no longer what had been recorded."""


def presence_findings(manifest: Manifest | None, exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Say that nothing was recorded, and what the rig has or expects, and has no stream."""
    own = {entry.id for entry in manifest.streams if entry.device == "unisono"} if manifest else ()
    data = [e for e in exams if e.name != EVENTS_STREAM and e.stream.id not in own]
    if not any(len(exam.stamps) for exam in data):
        yield Finding(
            level="fail",
            code="no-data",
            subject="recording",
            text=f"{len(data)} streams of data, none with a sample: nothing was recorded",
            remedy="see that devices and programs run, and that `unisono streams` lists them",
        )
    for name in manifest.absent if manifest is not None else ():
        yield Finding(
            level="warn",
            code="device-absent",
            subject=name,
            text="the rig has it, and the recording has no stream of it",
            remedy="see the events for why; take it out of the rig file where it is not wanted",
        )
    if manifest is not None:
        yield from _deaf(manifest)


def _deaf(manifest: Manifest) -> Iterator[Finding]:
    """Name devices that have done nothing, as the stream that they listen to is not there."""
    # The player's own comes with a protocol, and not each recording has one.
    there = {PLAYER_STREAM, *(entry.name for entry in manifest.streams)}
    for device in (manifest.rig or {}).get("device", ()):
        name, source = device.get("name"), device.get("source")
        own = [entry.samples for entry in manifest.streams if entry.device == name]
        if isinstance(source, str) and source not in there and own and not any(own):
            yield Finding(
                level="warn",
                code="source-missing",
                subject=str(name),
                text=f"the recording has no stream {source!r} to which it listens, and none of its "
                "own samples",
                remedy="correct its `source` in the rig file; a program's stream goes under "
                "[[expect]], so that no recording starts without it",
            )


def trouble_findings(manifest: Manifest | None) -> Iterator[Finding]:
    """Name each device and file that failed while recording, with the first event about it."""
    if manifest is None:
        return
    # Where the drops are counted, the stream's own finding says it.
    told = {(s.name, "samples-dropped") for s in manifest.streams if s.overflows}
    for event in manifest.events:
        if event.code == _BY_CHOICE:
            yield Finding(level="info", code=event.code, subject=event.source, text=event.text)
        if event.code not in _TROUBLES | _DAMAGED or (event.source, event.code) in told:
            continue
        told.add((event.source, event.code))
        damaged = event.code in _DAMAGED
        yield Finding(
            level="fail" if damaged else "warn",
            code=event.code,
            subject=event.source,
            text=event.text,
            remedy="copy it again from where it was recorded, and repair that" if damaged else "",
        )
