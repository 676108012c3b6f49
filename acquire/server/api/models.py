"""What goes over the control API about recordings, streams and the whole.

Times are LSL times in seconds unless the name says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from acquire.engine.status import Phase
from acquire.server.api.base import Asked, Label, Study, Text, Told
from acquire.server.api.device_models import DeviceInfo, NodeStatus
from recordings.certificate import Verdict
from recordings.manifest import State
from recordings.manifest_entries import Event, LostFile
from recordings.stream_kinds import Fate

Health = Literal["alive", "warning", "missing"]


class StartOrder(Asked):
    """Which session to begin. `run` = None: the next number."""

    participant: Label = "test"
    session: Label = "01"
    task: Label = "test"
    study: Study = "study"
    run: int | None = Field(default=None, ge=1, le=9999)
    notes: str = Field(default="", max_length=4000)


class Labels(Told):
    """What the session is called."""

    study: str
    participant: str
    session: str
    task: str


class Started(Told):
    """The recording that runs. `started` is false where it was running already."""

    started: bool
    session: str  # its folder
    labels: Labels
    first_sample: float = Field(description="LSL time of the first sample kept, s")


class SplitOrder(Asked):
    """Go on in another session. What is not given stays as it is: then it is the next run."""

    participant: Label | None = None
    session: Label | None = None
    task: Label | None = None
    study: Study | None = None
    notes: str = Field(default="", max_length=4000)
    verify: bool = False


class StopOrder(Asked):
    """How to stop. `verify`: check the session and write its report, and wait for that."""

    verify: bool = False


class StreamCount(Told):
    """What is in the file of one stream."""

    name: str
    type: str
    samples: int
    lost: int


class CameraCount(Told):
    """What became of a camera's frames."""

    name: str
    file: str
    captured: int
    stored: int
    fates: dict[Fate, int]


class StoppedAnswer(Told):
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


class SplitAnswer(Told):
    """The session that ended, and the one that goes on."""

    before: StoppedAnswer
    after: Started


class MarkerOrder(Asked):
    """A marker; `time` = None: now. Numbers from 1 to 65535 are codes."""

    text: Text
    code: int | None = Field(default=None, ge=1, le=65535)
    time: float | None = Field(default=None, allow_inf_nan=False)


class MarkerSet(Told):
    """The marker as it was published."""

    stamp: float
    recorded: bool  # whether a recording ran at that moment


class NoteOrder(Asked):
    """A note of the operator; `time` = None: now."""

    text: Text
    time: float | None = Field(default=None, allow_inf_nan=False)


class NoteKept(Told):
    """Where the note went: this recording's events, or the next one's."""

    recorded: bool


class StreamInfo(Told):
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


class Selection(Asked):
    """Which streams the next recording gets, by name; null = all.

    The daemon's own streams, `unisono-events` and `markers`, are always recorded.
    """

    names: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] | None = Field(
        max_length=1000
    )


class DiskInfo(Told):
    """The data folder's disk. The forecast is unknown before something has been recorded."""

    data_dir: str
    free_bytes: int
    bytes_per_s: float | None = None
    minutes: float | None = None
    gone: bool = False  # it is not the folder any more that the engine began with


class LastInfo(Told):
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
    more_findings: int = 0  # warnings and failures beyond those
    problem: str | None  # why it cannot be checked
    copies: tuple[str, ...] = ()  # folders of whole copies, compared by hash
    on_nodes: tuple[str, ...] = ()  # nodes that files of it are still on
    lost: tuple[LostFile, ...] = ()  # what was on nodes, and was given up


class ContentsInfo(Told):
    """A session whose files are being read against their hashes."""

    session: str  # its folder
    read: int  # bytes
    total: int
    rests: bool  # while something records


class StatusInfo(Told):
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
    missing_codes: tuple[str, ...] = ()  # of each of them what it is, by a word that stays
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


class EventInfo(Told):
    """An event and its number."""

    number: int
    event: Event
