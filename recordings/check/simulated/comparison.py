"""What a simulated session shows, compared with what was true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from recordings import layout
from recordings.arrays import F64Array
from recordings.certificate import Finding
from recordings.check.simulated.truth import FoundEvents, find_all, load_truth
from recordings.check.streams.stream_exam import StreamExam
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import StreamEntry

_SAME_CLOCK_S: Final = 1e-3


def truth_of(
    manifest: Manifest | None,
    exams: tuple[StreamExam, ...],
    folder: Path,
    onsets: Mapping[str, F64Array],
) -> tuple[tuple[FoundEvents, ...], list[Finding]]:
    """Find the events of a simulated session's world in its streams, videos and sounds."""
    if manifest is None or not manifest.simulated:
        return (), []
    videos = {v.name: folder / v.file for v in manifest.videos if v.file not in manifest.elsewhere}
    # A real device beside a simulated one has not seen that one's world; nor has a simulated one
    # on a node, whose clock tells its world another time.
    mine = tuple(e for e in exams if e.entry is None or _is_of_world(e, e.entry, manifest))
    videos = {name: file for name, file in videos.items() if name in {e.name for e in mine}}
    try:
        world = load_truth(folder / layout.TRUTH_NAME)
        found = tuple(f for f in find_all(mine, world, videos, onsets) if len(f.times) or f.missed)
    except RecordingError as error:
        text = f"the truth of this simulated session cannot be measured: {error}"
        return (), [Finding(level="warn", code="no-truth", subject="truth", text=text)]
    return found, list(_missed_findings(found))


def _is_of_world(exam: StreamExam, entry: StreamEntry, manifest: Manifest) -> bool:
    """Whether it may show the simulated world; what was imported does not."""
    simulated = entry.simulated is not False and entry.alignment is None
    return simulated and not _is_elsewhere(exam, manifest)


def _is_elsewhere(exam: StreamExam, manifest: Manifest) -> bool:
    """Whether its device is on a node that has another LSL clock."""
    devices = (manifest.rig or {}).get("device") or ()
    on_nodes = {d.get("name") for d in devices if d.get("node")}
    is_on_node = exam.entry is not None and exam.entry.device in on_nodes
    return is_on_node and exam.correction_s > _SAME_CLOCK_S


def _missed_findings(found: Sequence[FoundEvents]) -> Iterator[Finding]:
    for f in found:
        if f.missed:
            yield Finding(
                level="warn",
                code="truth-missed",
                subject=f.stream,
                text=f"{f.missed} of {f.missed + len(f.times)} events of kind {f.kind} "
                "are not found within reach of their true times",
            )
