"""The end of a take: what is written once its files are closed, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from acquire.processes.messages import VideoSummary
from acquire.take.disk import gone
from acquire.take.folder import SessionFolder
from acquire.take.media_entries import final_entries, stream_entries
from acquire.take.take import Outcome, Take
from acquire.take.truth import write_truth
from recordings.errors import why
from recordings.manifest import State
from recordings.manifest_entries import SoundEntry, VideoEntry

log = logging.getLogger(__name__)

Complain = Callable[[str, str], None]
"""Takes a code and what is wrong."""


def guarded(
    what: str, action: Callable[[], object], complain: Complain, remedy: str = ""
) -> str | None:
    """Do one step of an ending; what goes wrong is said and given, and the next step is taken."""
    try:
        action()
    except Exception as error:
        log.debug("%s", what, exc_info=True)
        text = f"{what}: {why(error) or type(error).__name__}"
        text = f"{text}; {remedy}" if remedy else text
        complain("write-failed", text)
        return text
    return None


def conclude(
    take: Take,
    summaries: Sequence[VideoSummary],
    absent: Sequence[str],
    seeds: Sequence[int],
    complain: Complain,
) -> Outcome:
    """Write truth and manifest; each step is guarded on its own, and each failure is reported.

    `absent` names the rig's devices without a stream in it, `seeds` are those of simulated worlds.
    """
    take.xdf.file.release()  # the videos are closed; what follows needs the space
    failure = take.failure or take.xdf.error or gone(take.xdf.file.path, take.xdf.file.position)
    full = next((s.error for s in summaries if s.error and s.disk_full), None)
    error = str(failure) if failure else full
    state = State.FAILED if error else State.COMPLETE
    lsl_start, lsl_stop = take.interval.start, take.interval.stop
    streams = stream_entries(take.xdf.streams.values(), summaries)
    media = final_entries(take.videos.entries(lsl_start), summaries, take.xdf, lsl_stop)
    pending = take.videos.pending()
    folder = take.folder

    def close() -> None:
        assert folder is not None
        folder.closed(state, lsl_stop, streams, media, absent, pending)

    if folder is not None and folder.folder.is_dir():
        if seeds:
            guarded("truth.tsv", lambda: _write_truth(take, folder, seeds[0]), complain)
        remedy = "all that was recorded lies there: make the folder writable, then: unisono repair "
        unclosed = guarded("session.json", close, complain, f"{remedy}{take.path}")
        error = error or unclosed
    if folder is not None:
        folder.release()  # also where the manifest could not be written
    return Outcome(
        take.number,
        take.path,
        State.FAILED if error else state,
        streams,
        tuple(entry for entry in media if isinstance(entry, VideoEntry)),
        take.alarms,
        error,
        lsl_stop - lsl_start,
        pending,
        tuple(entry for entry in media if isinstance(entry, SoundEntry)),
    )


def _write_truth(take: Take, folder: SessionFolder, seed: int) -> None:
    write_truth(folder.folder, seed, take.interval.start, take.interval.stop)
    folder.change(seed=seed)
