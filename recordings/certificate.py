"""The models of report.json: what a check says of a session."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from recordings.lateness.pace import Certainty
from recordings.manifest import VERSION
from recordings.manifest_entries import Frozen, Gap
from recordings.stream_kinds import INDEX_TYPES, LOST_FATES, Fate


class Verdict(StrEnum):
    """The certificate in one word."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    PENDING = "PENDING"  # files are still on a node: nobody can say yet


Severity = Literal["info", "warn", "fail"]
"""How much a finding weighs."""


MAX_PAIRS: Final = 28  # that are shown: all pairs of 8 streams

CONTENTS_UNREAD: Final = "contents-unread"
"""The code of the finding that the files were not read again: they are as large as they were."""


PENDING_FILES: Final = "pending"
"""The code of the finding that files of the session are still on a node."""


class Finding(Frozen):
    """One thing that the check found."""

    level: Severity
    code: str
    subject: str  # stream, camera or file
    text: str
    remedy: str = ""

    @property
    def told(self) -> str:
        """What it says, with its subject before it where it does not begin with that."""
        begins = (f"{self.subject}:", f"{self.subject} ")
        named = not self.subject or self.text.startswith(begins)
        return self.text if named else f"{self.subject}: {self.text}"


class CountedGap(Gap):
    """A gap with what its count may be off by, and how sure it is."""

    uncertainty: int = 0  # samples
    certainty: Certainty = Certainty.CERTAIN
    doubtful: int = 0  # samples that may stand on either side: they came late, together


class ClockGapReport(Frozen):
    """A stretch in which a stream's clock was not measured, LSL seconds."""

    start: float
    end: float
    error_ms: float  # how far off its times may be there, 99 %


def samples_due(type_: str, samples: int, lost: int) -> int:
    """Say how many samples there should be; a frame that is lost has a row, which is one of them.

    `type_` is the stream's.
    """
    return max(samples, lost) if type_ in INDEX_TYPES else samples + lost


class StreamReport(Frozen):
    """What the check measured of one stream. Unknown = None.

    `lost` leaves out what is open: late or lost at the end, nobody can say.
    """

    name: str
    type: str
    channels: int
    samples: int
    lost: int
    lost_uncertainty: int = 0  # samples that `lost` may be off by
    shows_loss: bool = True  # False: a loss would not be seen; the sender counts its stamps, or…
    runs_free: bool = False  # …it is a loop without a clock: its stamps are taken as they are
    duplicates: int
    rate_hz: float
    effective_rate_hz: float | None = None
    first_lsl: float | None = None
    last_lsl: float | None = None
    offsets: int = 0
    drift_ppm: float | None = None  # of the stream's clock against the recording computer's
    offset_residual_ms: float | None = None  # p99 of the clock offsets around their line
    offset_uncertainty_ms: float | None = None
    jitter_ms: float | None = None  # p99 of |interval - nominal interval|, as recorded
    jitter_dejittered_ms: float | None = None  # how far off the even times may be, 99 %
    clock_gaps: tuple[ClockGapReport, ...] = ()  # its clock is interpolated there
    latency_ms: float | None = None  # measured device latency; None = unmeasured
    from_copy: int = 0  # samples that were not received, and are from its node's own copy
    # Shares of the samples of the worst channel, 0 to 1; None where the samples are no numbers.
    nan_share: float | None = None
    inf_share: float | None = None
    constant_share: float | None = None  # in runs of one value
    clipped_share: float | None = None  # in runs at the highest or the lowest value
    gaps: tuple[CountedGap, ...] = ()

    @property
    def due(self) -> int:
        """How many samples there should be."""
        return samples_due(self.type, self.samples, self.lost)

    @property
    def lost_share(self) -> float:
        """The share that is missing, 0 to 1."""
        return self.lost / max(self.due, 1)


class Contribution(Frozen):
    """One source of misalignment in a pair of streams."""

    source: str
    ms: float


class Truth(Frozen):
    """Errors against the simulated world, in ms."""

    events: int
    missed: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    bias_ms: float = 0.0  # median of the errors with their sign: found later than true is positive


class PairReport(Frozen):
    """How far apart one moment can be in two streams.

    `axes_ms` bounds how far the two time axes can be apart, with even times where a stream has a
    pace: the asymmetries of the networks, and beside them, as the root of the sum of squares, the
    errors of the lines through clock offsets and of the even times (99 %). What the stamps
    themselves scatter by is the stream's `jitter_ms`.
    `resolution_ms` is what either stream cannot tell: half a sample or frame of each. `bound_ms`
    is both together: how far apart one event can be found.
    """

    a: str
    b: str
    bound_ms: float
    axes_ms: float = 0.0
    resolution_ms: float = 0.0
    contributions: tuple[Contribution, ...]
    unmeasured: tuple[str, ...] = ()
    truth: Truth | None = None
    truth_from: str = ""  # the kind of world event that the truth was taken from


class StreamTruth(Frozen):
    """World events found in one stream, against `truth.tsv`."""

    stream: str
    kind: str
    truth: Truth


class CameraReport(Frozen):
    """The frame ledger of one camera; of one microphone, with blocks for frames."""

    name: str
    file: str
    codec: str
    captured: int
    indexed: int
    stored: int
    packets: int
    fates: dict[Fate, int]
    in_vain: int = 0  # captured inside the recording while no file was open for them
    absent: int = 0  # not even captured: its process was gone

    @property
    def lost(self) -> int:
        """Frames that should be in the file and are not."""
        return sum(self.fates.get(fate, 0) for fate in LOST_FATES) + self.in_vain + self.absent


class StimulusReport(Frozen):
    """How exactly the stimuli of one marker stream were shown. Unknown = None."""

    stream: str
    onsets: int
    late: int = 0  # shown more than 0.1 s after they were asked for
    late_p50_ms: float | None = None  # presented - requested, as the player tells
    late_p99_ms: float | None = None
    late_max_ms: float | None = None
    light_from: str = ""  # the photodiode's stream; "" = nobody has measured it
    light_due: int = 0  # onsets that switch the light: of the player, those of questions as well
    light_events: int = 0  # those with a flash near them
    light_extra: int = 0  # further flashes near onsets: a light flashes once
    light_mean_ms: float | None = None  # light - onset: what to add to an onset
    light_sd_ms: float | None = None
    light_max_ms: float | None = None


class TapReport(Frozen):
    """Onsets in a sound near the markers of a stream: taps, claps, clicks."""

    sound: str
    stream: str
    markers: int
    onsets: int  # markers with an onset near them
    mean_ms: float  # onset - marker: what to add to a marker
    sd_ms: float
    max_ms: float


class Report(Frozen):
    """`report.json`: the certificate."""

    format: Literal["unisono-report"] = "unisono-report"
    version: int = VERSION
    path: str
    verdict: Verdict
    duration_s: float | None = None
    simulated: bool = False
    streams: tuple[StreamReport, ...] = ()
    pairs: tuple[PairReport, ...] = ()
    cameras: tuple[CameraReport, ...] = ()
    sounds: tuple[CameraReport, ...] = ()
    taps: tuple[TapReport, ...] = ()
    stimulus: tuple[StimulusReport, ...] = ()
    truth: tuple[StreamTruth, ...] = ()
    thresholds: dict[str, Any] | None = None  # the lab's own, as they were applied
    findings: tuple[Finding, ...] = ()
    digest: str = ""  # of the manifest that it is of; "" of a bare file, and of old reports
    program: str = ""  # the version of the program that checked

    @property
    def widest(self) -> tuple[PairReport, ...]:
        """The pairs that are shown, in their order: those of the widest bounds."""
        order = sorted(range(len(self.pairs)), key=lambda n: -self.pairs[n].bound_ms)
        return tuple(self.pairs[n] for n in sorted(order[:MAX_PAIRS]))

    @property
    def left_out(self) -> str:
        """Say that there are more; nothing where all are shown."""
        if len(self.pairs) <= MAX_PAIRS:
            return ""
        return f"The {MAX_PAIRS} widest of {len(self.pairs):,} pairs; all are in report.json."
