"""What nodes have: files that are still there, and copies of what the network has lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recordings.certificate import PENDING_FILES, Finding
from recordings.check.streams.stream_exam import StreamExam
from recordings.errors import RecordingError
from recordings.layout import COPY_SUFFIX
from recordings.manifest import Manifest
from recordings.xdf.merged import MergedStream
from recordings.xdf.reader import XdfRecording


def pending_findings(manifest: Manifest | None) -> Iterator[Finding]:
    """Name the files that are still on nodes: until they are here the verdict is open."""
    pending = manifest.pending if manifest is not None else ()
    for node in dict.fromkeys(file.node for file in pending):
        files = [file for file in pending if file.node == node]
        known = [file.bytes for file in files if file.bytes is not None]
        size = f" ({sum(known):,} bytes)" if len(known) == len(files) else ""
        names = ", ".join(sorted(file.path for file in files))
        yield Finding(
            level="warn",
            code=PENDING_FILES,
            subject=node,
            text=f"{len(files)} {'file is' if len(files) == 1 else 'files are'} still on this node"
            f"{size}: {names}",
            remedy="unisono collect fetches them; then check again",
        )


def lost_findings(manifest: Manifest | None) -> Iterator[Finding]:
    """Name what was on nodes and will never be here."""
    for file in manifest.lost if manifest is not None else ():
        is_copy = file.path.endswith(COPY_SUFFIX)
        what = (
            "an own copy: what the network lost of its streams" if is_copy else "pictures or sound"
        )
        yield Finding(
            level="warn" if is_copy else "fail",
            code="lost-on-node",
            subject=file.path,
            text=f"lost on node {file.node}: {file.reason}; it is {what}",
        )


def copy_findings(
    recording: XdfRecording, exams: Iterable[StreamExam], unreadable: Iterable[RecordingError]
) -> Iterator[Finding]:
    """Say what own copies have brought back, and which of them are not whole."""
    for error in unreadable:
        yield Finding(level="warn", code="copy-unreadable", subject="own copy", text=str(error))
    for exam in exams:
        yield from _brought_back(exam)
    used = {id(s.copy) for exam in exams for s in _layers(exam)}
    for copy in recording.copies:
        name = copy.path.name
        if copy.damage:
            yield Finding(
                level="warn",
                code="copy-damaged",
                subject=name,
                text=f"{len(copy.damage)} places of the node's own copy cannot be read; the first "
                f"at byte {copy.damage[0].offset:,}: {copy.damage[0].reason}",
                remedy="what is whole in it was used; collect it again if the node still has it",
            )
        if any(stream.footer is None for stream in copy.streams):
            text = "the node's own copy was never closed: its device's process died"
            yield Finding(level="info", code="copy-unclosed", subject=name, text=text)
        for stream in copy.streams:
            if id(stream) not in used and len(stream):
                yield Finding(
                    level="warn",
                    code="copy-alone",
                    subject=name,
                    text=f"the node has kept {len(stream):,} samples of stream {stream.name}, "
                    "of which the recording has none in this shape: they are not used",
                    remedy="open the copy by itself; its stamps are of the node's clock",
                )


def _layers(exam: StreamExam) -> Iterator[MergedStream]:
    stream = exam.stream
    while isinstance(stream, MergedStream):
        yield stream
        stream = stream.received


def _brought_back(exam: StreamExam) -> Iterator[Finding]:
    what = "rows" if exam.is_index else "samples"
    if count := exam.report.from_copy:
        yield Finding(
            level="info",
            code="from-copy",
            subject=exam.shown,
            text=f"{count:,} {what} of {exam.shown} were not received, as while a cable is cut; "
            "they are from the node's own copy",
        )
    cut = max((layer.cut_off for layer in _layers(exam)), default=0)
    if cut:
        yield Finding(
            level="info",
            code="copy-cut",
            subject=exam.shown,
            text=f"{cut:,} {what} of {exam.shown} are from after the stop, which the node heard "
            "late: they are left out, as from its video",
        )
