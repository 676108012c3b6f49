"""The end of a recording: what is written once its files are closed, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from acquire.engine.cameras import with_lost_frames
from acquire.engine.reporter import Reporter
from acquire.processes.messages import VideoSummary
from acquire.take.disk import gone
from acquire.take.folder import Session
from acquire.take.take import Outcome
from acquire.take.truth import write_truth
from acquire.take.xdf_recorder import Recording
from recordings.errors import RecordingError
from recordings.manifest import State, VideoEntry


def conclude(
    recording: Recording,
    session: Session | None,
    lsl_stop: float,
    videos: tuple[VideoEntry, ...],
    summaries: Sequence[VideoSummary],
    *,
    failure: RecordingError | None,
    seeds: Sequence[int],
    reporter: Reporter,
) -> Outcome:
    """Write truth and manifest; each step is guarded on its own, and each failure is reported."""

    def guard(what: str, action: Callable[[], None]) -> None:
        try:
            action()
        except (OSError, RecordingError) as error:
            reporter.report("engine", "error", "write-failed", f"{what}: {error}")

    recording.file.release()  # the videos are closed; what follows needs the space
    path = recording.file.path
    failure = failure or recording.error or gone(path)
    error = str(failure) if failure else None
    full = next((s.error for s in summaries if s.error and s.disk_full), None)
    state = State.FAILED if error or full else State.COMPLETE
    streams = tuple(with_lost_frames(s) for s in recording.streams.values())
    if session is not None:
        path = session.folder
    if session is not None and path.is_dir():
        if seeds:
            guard("truth.tsv", lambda: _write_truth(session, seeds[0], recording.start, lsl_stop))
        guard("session.json", lambda: session.closed(state, lsl_stop, streams, videos))
        known = {s.path.name: s.sha256 for s in summaries if s.sha256}
        guard("session.json", lambda: session.hash_files(known))
    return Outcome(path, state, streams, videos, reporter.alarms, error or full)


def _write_truth(session: Session, seed: int, lsl_start: float, lsl_stop: float) -> None:
    write_truth(session.folder, seed, lsl_start, lsl_stop)
    session.change(seed=seed)
