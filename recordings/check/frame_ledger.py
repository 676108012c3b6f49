"""The frame ledger: every frame that a camera captured has a fate, and the file agrees.

Of a microphone the same, with blocks of sound for frames.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.certificate import CameraReport, Finding
from recordings.check.streams.stream_exam import StreamExam
from recordings.errors import RecordingError
from recordings.frame_files import say_stored
from recordings.manifest_entries import MediaEntry, SoundEntry
from recordings.repair.videos import count_frames
from recordings.stream_kinds import INDEX_CHANNELS, LOST_FATES, Fate
from recordings.xdf.merged import MergedStream

_COLUMNS = [INDEX_CHANNELS.index(name) for name in ("file_index", "fate")]
EDGE_S = 0.3
"""A node's camera goes by its own clock: at start and stop it may differ from the rest."""
_REMEDIES = {
    Fate.DEVICE_LOST: "check the device's cable and port, and that nothing else shares its bus",
    Fate.INCOMPLETE: "check the camera's cable; a longer one needs to be an active one",
    Fate.RING_FULL: "encoder or disk was too slow: choose a faster codec or disk, or a lower rate",
    Fate.ENCODER_ERROR: "see the events for what the encoder said",
}


def stored_rows(exam: StreamExam) -> tuple[I64Array, F64Array]:
    """Return (file index, LSL time) of the rows of an index stream whose frames are stored."""
    index, fate = exam.stream.read(channels=_COLUMNS).T
    stored = say_stored(index, fate)
    return index[stored].astype(np.int64), exam.stamps[stored]


def examine_camera(
    entry: MediaEntry,
    exam: StreamExam | None,
    folder: Path,
    elsewhere: Collection[str] = (),
    interval: tuple[float, float] | None = None,
) -> tuple[CameraReport, tuple[Finding, ...]]:
    """Compare index stream, files and manifest entry of a camera or microphone.

    `exam` is its index stream, None where the recording has none; `elsewhere` are the names of
    files that are pending on a node, or lost there: without them there is nothing to compare.
    `interval` is the recording's, LSL times: all that lies well inside it was to be stored.
    """
    if elsewhere and not set(elsewhere).isdisjoint(entry.files):
        index = exam.report.samples if exam is not None else 0
        return _report(entry, index, 0, 0, {}), ()
    if exam is None:
        packets = sum(_packets(folder / file)[0] for file in entry.files)
        report = _report(entry, 0, 0, packets, {})
        missing = Finding(
            level="fail",
            code="no-index",
            subject=entry.name,
            text=f"the recording has no index stream of it: its {_units(entry)} have no times",
        )
        return report, (missing,)
    index, fates = exam.stream.read(channels=_COLUMNS).T
    counts = {fate: int(np.sum(fates == fate.code)) for fate in Fate}
    counts[Fate.STORED] -= entry.taken_back
    counts[Fate.ENCODER_ERROR] += entry.taken_back
    files = [_packets(folder / file) for file in entry.files]
    packets = sum(count for count, _ in files)
    report = _report(entry, len(fates), counts[Fate.STORED], packets, counts)
    if isinstance(exam.stream, MergedStream):  # the manifest counts what was received
        report = report.model_copy(update={"captured": len(fates)})
    in_vain = captured_in_vain(exam.stamps, fates, interval)
    absent = _absent(exam, fates)
    report = report.model_copy(update={"in_vain": int(in_vain.sum()), "absent": absent})
    findings = (
        *(finding for _, trouble in files for finding in trouble),
        *_ledger_findings(report, entry, _received(exam)),
        *_order_findings(entry, index[fates == Fate.STORED.code]),
        *_loss_findings(report, _units(entry)),
        *_never_opened(report),
        *_not_stored(entry, exam.stamps[in_vain], interval),
    )
    return report, findings


def _report(
    entry: MediaEntry, indexed: int, stored: int, packets: int, fates: dict[Fate, int]
) -> CameraReport:
    return CameraReport(
        name=entry.name,
        file=entry.file,
        codec=entry.codec,
        captured=entry.captured,
        indexed=indexed,
        stored=stored,
        packets=packets,
        fates=fates,
    )


def _absent(exam: StreamExam, fates: F64Array) -> int:
    """Count what the recorder missed while the device's process was gone: what is lost and has no
    row.
    """
    if exam.entry is None or exam.entry.device is None:
        return 0
    with_row = np.isin(fates, [fate.code for fate in LOST_FATES])
    return max(0, exam.entry.lost - int(with_row.sum()))


def _packets(path: Path) -> tuple[int, tuple[Finding, ...]]:
    try:
        return count_frames(path), ()
    except RecordingError as error:
        text = f"the file cannot be read: {error}"
        return 0, (Finding(level="fail", code="video-unreadable", subject=path.name, text=text),)


def _received(exam: StreamExam) -> dict[Fate, int]:
    """Count the fates of the rows that came over the network: the manifest of a cut cable's.

    Those of a stream of which nothing is from a node's own copy are all of them.
    """
    stream = exam.stream
    while isinstance(stream, MergedStream):
        stream = stream.received
    fates = stream.read(channels=_COLUMNS[1:])[:, 0]
    return {fate: int(np.sum(fates == fate.code)) for fate in Fate}


def _ledger_findings(
    report: CameraReport, entry: MediaEntry, received: Mapping[Fate, int]
) -> Iterator[Finding]:
    units = _units(entry)
    if entry.untimed:
        yield Finding(
            level="warn",
            code="frames-untimed",
            subject=report.name,
            text=f"{entry.untimed:,} {units} have no time: a crash came before their rows",
            remedy="leave them out; all others have theirs",
        )
    if report.packets - entry.untimed != report.stored:
        yield Finding(
            level="fail",
            code="ledger-file",
            subject=report.name,
            text=f"{report.packets:,} {units} in {report.file}, "
            f"{report.stored:,} stored by the index stream",
            remedy="unisono repair drops what has no counterpart",
        )
    if entry.frames != report.packets:
        yield Finding(
            level="fail",
            code="ledger-manifest",
            subject=report.name,
            text=f"{report.packets:,} {units} in {report.file}, {entry.frames:,} in the manifest",
        )
    claimed = {fate: count for fate, count in entry.fates.items() if fate != Fate.NOT_RECORDING}
    found = {fate: report.fates.get(fate, 0) for fate in claimed}
    came = {fate: received[fate] for fate in claimed}
    if claimed != found and _without_taken_back(claimed, entry) != came:
        differing = ", ".join(
            f"{fate} {found[fate]:,} of {claimed[fate]:,}"
            for fate in claimed
            if claimed[fate] != found[fate]
        )
        yield Finding(
            level="fail",
            code="ledger-index",
            subject=report.name,
            text=f"rows of the index stream are missing or too many: {differing}",
            remedy=f"index rows were lost on their way: these {units} have no time",
        )
    if entry.fates and entry.captured != sum(entry.fates.values()):
        yield Finding(
            level="fail",
            code="ledger-fates",
            subject=report.name,
            text=f"{entry.captured:,} {units} captured, {sum(entry.fates.values()):,} have a fate",
        )


def _without_taken_back(claimed: Mapping[Any, int], entry: MediaEntry) -> dict[Fate, int]:
    """Give the fates as the rows have them: those that an encoder lost afterwards say stored."""
    moved = {Fate.STORED: entry.taken_back, Fate.ENCODER_ERROR: -entry.taken_back}
    return {fate: count + moved.get(fate, 0) for fate, count in claimed.items()}


def _order_findings(entry: MediaEntry, index: F64Array) -> Iterator[Finding]:
    steps = np.diff(index, prepend=-1)
    if not np.all((steps == 1) | (index == 0)):
        yield Finding(
            level="fail",
            code="index-order",
            subject=entry.name,
            text=f"the file indices of the stored {_units(entry)} are not 0, 1, 2… in each file: "
            "times and contents may not belong together",
        )


def captured_in_vain(
    times: F64Array, fates: F64Array, interval: tuple[float, float] | None
) -> BoolArray:
    """Say which frames or blocks came inside the recording while no file was open for them.

    So it is where the disk of its node was full, or its process came back. None are where nobody
    knows the `interval`.
    """
    start, stop = interval or (np.inf, -np.inf)
    inside = (times > start + EDGE_S) & (times < stop - EDGE_S)
    found: BoolArray = inside & (fates == Fate.NOT_RECORDING.code)
    return found


def _not_stored(
    entry: MediaEntry, inside: F64Array, interval: tuple[float, float] | None
) -> Iterator[Finding]:
    if len(inside) and interval is not None:
        start = interval[0]
        yield Finding(
            level="warn",
            code="frames-not-recording",
            subject=entry.name,
            text=f"{len(inside):,} {_units(entry)} of the recording were captured and not stored, "
            f"from {inside.min() - start:.1f} to {inside.max() - start:.1f} s after its start",
            remedy="see the events for why: its process came back, or its node's disk was full",
        )


def _loss_findings(report: CameraReport, units: str) -> Iterator[Finding]:
    for fate in LOST_FATES:
        count = report.fates.get(fate, 0)
        if count:
            yield Finding(
                level="warn",
                code=f"frames-{fate.value.replace('_', '-')}",
                subject=report.name,
                text=f"{count:,} {units} {fate.value.replace('_', ' ')}, {report.stored:,} stored",
                remedy=_REMEDIES[fate],
            )


def _never_opened(report: CameraReport) -> Iterator[Finding]:
    gated = report.fates.get(Fate.GATED, 0)
    if gated and not report.stored:
        yield Finding(
            level="warn",
            code="gate-never-opened",
            subject=report.name,
            text=f"no frame is stored: its gate took all {gated:,} for outside of trials",
            remedy="if there were trials, compare source and start_codes of its gate in the rig "
            "file with the codes in that stream",
        )


def _units(entry: MediaEntry) -> str:
    return "blocks of sound" if isinstance(entry, SoundEntry) else "frames"
