"""What goes between an engine and a node over HTTPS, around the messages of the devices.

Each is read by `coding.decode` alone, which refuses with a `WireError` whatever is not in order.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    field_validator,
    model_validator,
)

import acquire
from acquire.node.wire.limits import MAX_LIST, WireError, plain_name
from acquire.node.wire.messages import WIRE, Body, Message, dump, load, load_body
from acquire.processes.messages import DeviceState, HostStatus
from acquire.rig.file import Codec
from acquire.rig.node import NODE_NAME
from acquire.rig.video import GateSettings, OnOverload

BLOCK_BYTES: Final = 8 << 20
"""What has a hash of its own in a file, and is fetched in one piece."""
MAX_DEVICES: Final = 64
MAX_BLOCKS: Final = 1 << 20
"""8 TiB."""

SHA256: Final = r"^[0-9a-f]{64}$"
MAX_TEXT: Final = 4000
Text = Annotated[str, Field(max_length=MAX_TEXT)]
ShortText = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
DeviceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]
NodeName = Annotated[str, Field(pattern=NODE_NAME)]
RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Sha256 = Annotated[str, Field(pattern=SHA256)]
Count = Annotated[int, Field(ge=0, lt=1 << 63)]
Token = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")]
"""It goes into a header."""
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _OnWire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _for_pydantic(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have pydantic say where it stood what `read` refuses with a `WireError`."""

    def validator(value: Any) -> Any:
        try:
            return read(value)
        except WireError as error:
            raise ValueError(str(error)) from error

    return validator


_name = _for_pydantic(plain_name)
FileName = Annotated[str, Field(max_length=200)]


# What a node is.


class RecordingState(StrEnum):
    """What the files of a take are, on the node."""

    RECORDING = "recording"
    CLOSED = "closed"
    TRIMMED = "trimmed"  # closed, and what was stored after a stop heard late is kept apart
    LEFT = "left"  # by a node or a device process that ended before it was closed


class NodeFile(_OnWire):
    """One file of a recording; it can be fetched once it has its `sha256`.

    `frames`: of a video that nobody has closed, its whole frames, counted. `problem`: why it will
    not be hashed, in words.
    """

    name: FileName
    bytes: Count
    sha256: Sha256 | None = None
    frames: Count | None = None
    block_bytes: int = Field(default=BLOCK_BYTES, ge=1, le=1 << 30)
    blocks: tuple[Sha256, ...] = Field(default=(), max_length=MAX_BLOCKS)
    problem: Text | None = None

    _plain = field_validator("name")(_name)


class Recording(_OnWire):
    """What a node keeps of one take. `id` is the name of its folder on the node.

    In lists the files come without their `blocks`.
    """

    id: FileName
    run_id: RunId
    session: FileName  # the name of the session's folder, as the engine has it
    take: Count
    state: RecordingState
    files: tuple[NodeFile, ...] = Field(default=(), max_length=1000)

    _plain = field_validator("id", "session")(_name)

    @property
    def ready(self) -> bool:
        """Whether everything of it that ever can be fetched can be."""
        over = self.state is not RecordingState.RECORDING
        return over and all(f.sha256 or f.problem for f in self.files)


class NodeDevice(_OnWire):
    """One device of a node's run."""

    name: DeviceName
    driver: ShortText
    state: DeviceState
    error: Text | None = None


class NodeInfo(_OnWire):
    """What a node is and does now."""

    name: NodeName
    version: ShortText
    wire: int = WIRE
    run_id: RunId | None = None
    engine: ShortText | None = None  # whose run that is
    recording: bool = False
    disk_free_bytes: Count
    disk_total_bytes: Count
    disk_bytes_per_s: Finite = 0.0  # what it was given last
    hostname: ShortText
    devices: tuple[NodeDevice, ...] = Field(default=(), max_length=MAX_DEVICES)
    kept: tuple[Recording, ...] = Field(default=(), max_length=MAX_LIST)

    @model_validator(mode="before")
    @classmethod
    def _same_wire(cls, value: Any) -> Any:
        """Refuse another version by name, before a field that it has and this one has not."""
        if isinstance(value, dict) and (wire := value.get("wire", WIRE)) != WIRE:
            raise ValueError(
                f"node {str(value.get('name'))[:80]!r} runs Unisono "
                f"{str(value.get('version'))[:80]!r} (wire {str(wire)[:20]}), this is "
                f"{acquire.__version__!r} (wire {WIRE}); install the same version on both"
            )
        return value


class ClockReading(_OnWire):
    """What the node's LSL clock shows, s."""

    lsl_clock: Finite


# What an engine orders.


class RunDevice(_OnWire):
    """A device that the node is to run: a `[[device]]` of the engine's rig."""

    name: DeviceName
    driver: ShortText
    settings: dict[ShortText, JsonValue] = {}  # with its `name`, as the driver gets them
    codec: Codec = "auto"
    ring_s: float = Field(default=1.0, ge=0.1, le=60)
    gate: GateSettings | None = None
    on_overload: OnOverload = "auto"


class RunOrder(_OnWire):
    """Which devices of a node an engine wants.

    `lsl_config` is what liblsl is to be told on the node; without it the node's own search counts.
    After `max_hours` without a word of the engine the node ends what it records.
    """

    engine: ShortText
    version: ShortText
    wire: int
    lsl_session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    lsl_config: Annotated[str, Field(max_length=16_384)] | None = None
    max_hours: float = Field(default=24.0, gt=0, le=1000)
    devices: tuple[RunDevice, ...] = Field(default=(), max_length=MAX_DEVICES)


_load = _for_pydantic(lambda value: value if isinstance(value, Message) else load(value))
_load_body = _for_pydantic(lambda value: value if isinstance(value, Body) else load_body(value))


class DeviceRequest(_OnWire):
    """A request to one device; its number is higher than those before, of this run and device."""

    device: DeviceName
    number: Annotated[int, Field(ge=1, lt=1 << 53)]
    body: Annotated[Any, PlainValidator(_load_body), PlainSerializer(dump)]  # a `Body`


class Requests(_OnWire):
    """Requests to a node's devices, in the order in which they are to be carried out."""

    requests: tuple[DeviceRequest, ...] = Field(max_length=1000)


class LateStops(_OnWire):
    """When the takes of a run should have ended whose engine is gone: node's LSL time, s."""

    by_session: dict[FileName, Finite] = Field(max_length=1000)


# What a node tells.


class Item(_OnWire):
    """One message of a device: `Answer`, `Opened`, `HostEvent` or `Loss`."""

    n: Annotated[int, Field(ge=1, lt=1 << 53)]
    device: DeviceName
    message: Annotated[Any, PlainValidator(_load), PlainSerializer(dump)]  # a `Message`


class Messages(_OnWire):
    """What the devices said after number `after`, in order, and the newest status of each.

    The statuses come without their losses: those are items. `dropped` counts events that nobody
    fetched in time; answers, `Opened` and losses are never dropped.
    """

    after: Count
    items: tuple[Item, ...] = Field(default=(), max_length=2 * MAX_LIST)
    statuses: dict[
        DeviceName, Annotated[Any, PlainValidator(_load), PlainSerializer(dump)]
    ] = {}  # of `HostStatus`
    dropped: Count = 0

    @field_validator("statuses")
    @classmethod
    def _statuses(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not all(isinstance(status, HostStatus) for status in value.values()):
            raise ValueError("a status is a HostStatus")
        return value


class Receipt(_OnWire):
    """What an engine has, as it has hashed it: these files the node may delete."""

    files: dict[FileName, Sha256] = Field(max_length=1000)


# Pairing.


class PairOrder(_OnWire):
    """Who wants to use the node, and the secret half of the code that it shows."""

    engine: ShortText
    secret: ShortText


class Paired(_OnWire):
    """The token that the engine is known by from now on."""

    name: NodeName
    token: Token
