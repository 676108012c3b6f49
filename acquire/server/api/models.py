"""What goes over the control API. Times are LSL times in seconds unless the name says otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from acquire.engine.status import Phase
from acquire.node.connection import NodeState
from acquire.processes.messages import DeviceState
from recordings.certificate import Verdict
from recordings.manifest import Event, State
from recordings.stream_kinds import Fate

Health = Literal["alive", "warning", "missing"]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]+$")]
Study = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class _Ask(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Tell(BaseModel):
    model_config = ConfigDict(frozen=True)


class StartOrder(_Ask):
    """Which session to begin. `run` = None: the next number."""

    participant: Label = "test"
    session: Label = "01"
    task: Label = "test"
    study: Study = "study"
    run: int | None = Field(default=None, ge=1, le=9999)
    notes: str = Field(default="", max_length=4000)


class Labels(_Tell):
    """What the session is called."""

    study: str
    participant: str
    session: str
    task: str


class Started(_Tell):
    """The recording that runs. `started` is false where it was running already."""

    started: bool
    session: str  # its folder
    labels: Labels
    first_sample: float = Field(description="LSL time of the first sample kept, s")


class RunsInfo(_Tell):
    """Which runs of these labels exist, and the next one."""

    existing: tuple[int, ...]
    next: int


class SplitOrder(_Ask):
    """Go on in another session. What is not given stays as it is: then it is the next run."""

    participant: Label | None = None
    session: Label | None = None
    task: Label | None = None
    study: Study | None = None
    notes: str = Field(default="", max_length=4000)
    verify: bool = False


class StopOrder(_Ask):
    """How to stop. `verify`: check the session and write its report, and wait for that."""

    verify: bool = False


class StreamCount(_Tell):
    """What is in the file of one stream."""

    name: str
    type: str
    samples: int
    lost: int


class CameraCount(_Tell):
    """What became of a camera's frames."""

    name: str
    file: str
    captured: int
    stored: int
    fates: dict[Fate, int]


class StoppedAnswer(_Tell):
    """How the recording ended. `stopped` is false where nothing ran: then it is the last one."""

    stopped: bool
    session: str | None = None
    state: State | None = None
    streams: tuple[StreamCount, ...] = ()
    cameras: tuple[CameraCount, ...] = ()
    alarms: int = 0
    error: str | None = None
    verdict: Verdict | None = None  # where it was asked for
    problem: str | None = None  # why there is no verdict although it was asked for


class SplitAnswer(_Tell):
    """The session that ended, and the one that goes on."""

    before: StoppedAnswer
    after: Started


class MarkerOrder(_Ask):
    """A marker; `time` = None: now. Numbers from 1 to 65535 are codes."""

    text: Text
    code: int | None = Field(default=None, ge=1, le=65535)
    time: float | None = Field(default=None, allow_inf_nan=False)


class MarkerSet(_Tell):
    """The marker as it was published."""

    stamp: float
    recorded: bool  # whether a recording ran at that moment


class NoteOrder(_Ask):
    """A note of the operator; `time` = None: now."""

    text: Text
    time: float | None = Field(default=None, allow_inf_nan=False)


class NoteKept(_Tell):
    """Where the note went: this recording's events, or the next one's."""

    recorded: bool


class CommandOrder(_Ask):
    """A command to a driver; which there are stands in the driver's documentation."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    args: dict[str, Any] = {}


class CommandAnswer(_Tell):
    """What the driver answered."""

    answer: dict[str, Any]


class StreamInfo(_Tell):
    """One stream now."""

    name: str
    type: str
    source_id: str
    hostname: str
    uid: str = Field(description="of its outlet; another one may have the same name")
    device: str | None
    channels: int
    health: Health
    reason: str  # in words, where the health is not `alive`
    causes: tuple[str, ...] = ()  # the same as codes, those of the events
    connected: bool
    selected: bool  # for the recording that runs, or else for the next one
    samples: int
    lost: int = Field(
        description="samples; of the recording that runs, or else since it is connected"
    )
    lost_before: int = Field(default=0, description="samples, before the recording that runs")
    rate_hz: float
    effective_rate_hz: float | None
    age_s: float = Field(description="since the last sample arrived, s")
    offset_s: float | None
    drift_ppm: float | None
    backlog: int = Field(description="samples that wait to be written")


class Selection(_Ask):
    """Which streams the next recording gets, by name; null = all.

    The daemon's own streams, `unisono-events` and `markers`, are always recorded.
    """

    names: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] | None = Field(
        max_length=1000
    )


class DeviceInfo(_Tell):
    """One device now."""

    name: str
    driver: str
    state: DeviceState
    error: str | None
    streams: tuple[str, ...]
    cameras: tuple[str, ...]
    drift_ppm: float | None  # of its own clock, where it has one
    ring_fill: float
    fates: dict[str, dict[Fate, int]]
    node: str | None = Field(default=None, description="the other computer that it runs on")
    away: str | None = Field(
        default=None, description="in words, why that computer is not heard now"
    )


class TransferInfo(_Tell):
    """Files of one session that are being brought from a node."""

    session: str  # its folder
    file: str
    done: int  # bytes
    total: int
    rests: bool  # while something records


class NodeStatus(_Tell):
    """Another computer that devices of this rig run on; what is unknown before it was reached."""

    name: str
    address: str
    state: NodeState
    reason: str  # in words, where it is not connected
    since_s: float = Field(description="for how long it has been so, s")
    version: str | None = None
    recording: bool = False
    free_bytes: int | None = None
    total_bytes: int | None = None
    bytes_per_s: float | None = Field(default=None, description="what its disk was given last")
    offset_s: float | None = Field(
        default=None, description="to add to its LSL clock, as it answers requests; ± uncertainty_s"
    )
    uncertainty_s: float | None = None
    offset_age_s: float | None = None
    kept: int = Field(default=0, description="recordings that it keeps, of whatever engine")
    transfer: TransferInfo | None = None
    problem: str | None = Field(default=None, description="why nothing can be collected from it")


class DeviceChange(_Tell):
    """What was asked for is so. `changed` is false where it was so before."""

    changed: bool
    device: DeviceInfo


class DeviceSettings(_Tell):
    """A device's settings, and the JSON schema of what its driver takes."""

    driver: str
    settings: dict[str, Any]
    json_schema: dict[str, Any]


class SettingsOrder(_Ask):
    """All settings of a device but its name and driver; what is left out takes its default."""

    settings: dict[str, Any]


class DiskInfo(_Tell):
    """The data folder's disk. The forecast is unknown before something has been recorded."""

    data_dir: str
    free_bytes: int
    bytes_per_s: float | None = None
    minutes: float | None = None


class LastInfo(_Tell):
    """The recording that ended last, as it was saved, and what the check says once it is done."""

    id: str
    session: str  # its folder
    state: State
    seconds: float
    samples: int
    lost_samples: int
    frames: int
    lost_frames: int
    alarms: int
    error: str | None
    verdict: Verdict | None  # None: it is not checked yet, or cannot be
    findings: tuple[str, ...]  # the worst of them, in words
    problem: str | None  # why it cannot be checked
    copies: tuple[str, ...] = ()  # folders of whole copies, compared by hash


class ContentsInfo(_Tell):
    """A session whose files are being read against their hashes."""

    session: str  # its folder
    read: int  # bytes
    total: int
    rests: bool  # while something records


class StatusInfo(_Tell):
    """Everything at a glance."""

    state: Phase
    labels: Labels | None
    session: str | None
    first_sample: float | None
    clock: float = Field(description="LSL time now, s")
    utc: str
    streams: tuple[StreamInfo, ...]
    devices: tuple[DeviceInfo, ...]
    disk: DiskInfo
    missing: tuple[str, ...]  # what the rig asks for and is not there, in words
    last_event: int
    error: str | None = Field(description="why the last recording failed, or null")
    last: LastInfo | None = Field(default=None, description="the recording that ended last")
    contents: ContentsInfo | None = Field(
        default=None, description="the session whose files are being read against their hashes"
    )
    nodes: tuple[NodeStatus, ...] = ()
    listening: bool = Field(
        default=False, description="the participant's screen waits for a key or an answer"
    )


class EventInfo(_Tell):
    """An event and its number."""

    number: int
    event: Event


class SessionInfo(_Tell):
    """One session on the disk."""

    id: str
    session: str  # its folder
    state: State | None  # None: its manifest cannot be read, see `problem`
    study: str
    participant: str
    session_label: str
    task: str
    run: int | None
    started_utc: str | None
    seconds: float | None
    bytes: int | None
    verdict: Verdict | None  # None: it was not checked yet
    notes: str
    has_report: bool
    contents_read: bool | None = None  # against their hashes; None: it was not checked yet
    copies: tuple[str, ...] = ()  # folders of whole copies, compared by hash
    unusable: str = ""  # why it is not to be used
    problem: str


class UnusableOrder(_Ask):
    """Why a session is not to be used; an empty reason takes the mark back."""

    reason: str = Field(max_length=1000)


class WithdrawalInfo(_Tell):
    """What withdrawing a participant would delete, and what it cannot reach."""

    participant: str
    sessions: tuple[str, ...]  # folders
    exports: tuple[str, ...]
    unreachable: tuple[str, ...]


class WithdrawalOrder(_Ask):
    """The participant's pseudonym once more, so that nothing is deleted by a slip."""

    pseudonym: Label


class WithdrawalDone(_Tell):
    """What was deleted, and what could not be."""

    files: int
    bytes: int
    left: tuple[str, ...]


class CheckOrder(_Ask):
    """How a session is checked. `contents`: its files are read against their hashes, too."""

    contents: bool = False


class CheckOrdered(_Tell):
    """A session waits to be checked."""

    session: str


class ParticipantInfo(_Tell):
    """A participant of a study, and what was recorded of them."""

    participant: str
    sessions: tuple[str, ...]  # labels
    next_session: str  # the label that follows


class RigInfo(_Tell):
    """The rig file that the daemon runs."""

    path: str | None
    text: str
    sha256: str
    parsed: dict[str, Any]


class RigOrder(_Ask):
    """Another rig, as TOML. `save`: write it to the rig file that the daemon was started with."""

    text: str = Field(max_length=60_000)
    save: bool = False


class TrialInfo(_Tell):
    """One trial of a protocol, as it was laid out for the participant."""

    trial: int
    block: str
    condition: str | None
    stimulus: str | None


class ProtocolInfo(_Tell):
    """What the player does; `none` = nothing is loaded, `crashed` = resume goes on."""

    state: Literal["none", "loading", "loaded", "running", "paused", "ended", "aborted", "crashed"]
    protocol: str | None = None
    title: str | None = None
    participant: str | None = None
    only_trial: int | None = None  # a preview: nothing but this trial is played
    trial: int | None = None
    trials: int = 0
    step: str | None = None
    stimulus: str | None = None
    condition: str | None = None
    waits: bool = False  # for the operator: resume goes on
    listening: bool = False  # a page is on that a key or an answer may end
    following: TrialInfo | None = None  # the next trial; None = this is the last
    since: float | None = None  # onset of the step, LSL time
    remaining_s: float | None = None  # estimated
    frames: int = 0
    late: int = 0
    dropped: int = 0
    screen: dict[str, Any] = {}
    error: str | None = None
