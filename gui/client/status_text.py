"""What the window says of a status, in words and figures; no Qt widgets here."""

from __future__ import annotations

from dataclasses import dataclass

from acquire.node.engine.snapshot import NodeState
from acquire.plain_text import room
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo, NodeStatus
from acquire.server.api.models import Health, StatusInfo, StreamInfo
from gui.client.code_words import explained
from gui.texts import tr
from recordings.stream_kinds import LOST_FATES, Fate

MINUTES_UP_TO = 600
"""Of a disk that lasts longer, hours are told."""


@dataclass(frozen=True, slots=True)
class Frames:
    """What became of frames."""

    stored: int
    lost: int


def frames(devices: tuple[DeviceInfo, ...]) -> Frames | None:
    """Count the frames of all cameras; None where there is no camera."""
    fates = [counts for device in devices for counts in device.fates.values()]
    if not any(device.cameras for device in devices):
        return None
    stored = sum(counts.get(Fate.STORED, 0) for counts in fates)
    lost = sum(counts.get(fate, 0) for counts in fates for fate in LOST_FATES)
    return Frames(stored, lost)


def samples_lost(status: StatusInfo) -> int:
    """Count the samples that should be there and are not: of the recording that runs, or of all."""
    return sum(stream.lost for stream in status.streams)


def lost_before(status: StatusInfo) -> str:
    """Say what was lost before the recording that runs; empty where nothing was."""
    found = [f"{s.name}: {s.lost_before:,}" for s in status.streams if s.lost_before]
    return tr("lost before this recording: {}").format(", ".join(found)) if found else ""


def disk_text(status: StatusInfo) -> str:
    """Say how long the disk will last, or how much is free; or that the folder is gone."""
    if status.disk.gone:
        return tr("✖ data folder gone")
    if status.disk.minutes is not None:
        if status.disk.minutes < MINUTES_UP_TO:
            return tr("disk {:.0f} min").format(status.disk.minutes)
        return tr("disk {} h").format(f"{min(status.disk.minutes / 60, 9_999):,.0f}")
    return tr("disk {} free").format(room(status.disk.free_bytes))


def duration(seconds: float) -> str:
    """Write 00:41:07."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def state_word(state: DeviceState) -> str:
    """Say what a device is doing."""
    words = {
        DeviceState.CLOSED: tr("closed"),
        DeviceState.OPENING: tr("opening"),
        DeviceState.RUNNING: tr("running"),
        DeviceState.STALLED: tr("stalled"),
        DeviceState.FAILED: tr("failed"),
    }
    return words[state]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of streams and devices."""

    key: str
    health: Health | str
    title: str
    value: str
    note: str  # in words, where something is wrong
    checked: bool | None  # None: no check box


def rate_now(stream: StreamInfo) -> float:
    """Give its rate, Hz; until it is measured, the nominal one."""
    return stream.rate_hz if stream.effective_rate_hz is None else stream.effective_rate_hz


def stream_row(stream: StreamInfo) -> Row:
    """Describe a stream."""
    rate = rate_now(stream)
    # Calm enough to be read; the details have three decimals.
    decimals = 0 if stream.rate_hz >= 100 else 1  # by the nominal: nothing jumps at 99.9
    value = f"{rate:.{decimals}f} Hz"
    if not stream.rate_hz:
        value = tr("marks") if stream.type == "Markers" else tr("irregular")
    note = stream.reason.removeprefix(f"{stream.name}: ")
    note = explained(stream.causes, note) if note else ""
    if stream.health == "missing":
        note = tr("missing") + (f": {note}" if note else "")
    return Row(f"stream {stream.name}", stream.health, stream.name, value, note, stream.selected)


def device_health(device: DeviceInfo) -> str:
    """Give the state of a device as one of the four glyphs."""
    match device.state:
        case DeviceState.RUNNING:
            return "alive"
        case DeviceState.OPENING | DeviceState.STALLED:
            return "warning"
        case DeviceState.FAILED:
            return "failed"
    return "missing"


def device_row(device: DeviceInfo) -> Row:
    """Describe a device."""
    health = device_health(device)
    note = (device.error or "").removeprefix(f"{device.name}: ")
    if not note and device.away is not None:
        note = f"{device.node}: {device.away}"
        health = "warning"
    return Row(f"device {device.name}", health, device.name, state_word(device.state), note, None)


def missing_row(text: str) -> Row:
    """Describe a stream that the rig expects."""
    return Row(f"missing {text}", "missing", tr("Expected stream"), "", text, None)


def stream_details(stream: StreamInfo) -> list[tuple[str, str]]:
    """List what there is to know of a stream."""
    rate = f"{stream.rate_hz:g} Hz" if stream.rate_hz else tr("irregular")
    effective = stream.effective_rate_hz
    measured = "–" if effective is None else f"{effective:.3f} Hz"
    offset = "–" if stream.offset_s is None else f"{stream.offset_s * 1e3:+,.3f} ms"
    drift = "–" if stream.drift_ppm is None else f"{stream.drift_ppm:+.1f} ppm"
    return [
        (tr("Type"), stream.type),
        (tr("Host"), stream.hostname),
        (tr("Device"), stream.device or tr("another program")),
        (tr("Channels"), str(stream.channels)),
        (tr("Nominal rate"), rate),
        (tr("Measured rate"), measured),
        (tr("Samples"), f"{stream.samples:,}"),
        (tr("Lost"), f"{stream.lost:,}"),
        *([(tr("Lost before"), f"{stream.lost_before:,}")] if stream.lost_before else []),
        (tr("Last sample"), tr("{} s ago").format(f"{stream.age_s:.1f}")),
        (tr("Clock offset"), offset),
        (tr("Clock drift"), drift),
    ]


def device_details(device: DeviceInfo) -> list[tuple[str, str]]:
    """List what there is to know of a device."""
    drift = "–" if device.drift_ppm is None else f"{device.drift_ppm:+.1f} ppm"
    rows = [
        (tr("Driver"), device.driver),
        *([(tr("Node"), device.node)] if device.node else []),
        (tr("State"), state_word(device.state)),
        (tr("Clock drift"), drift),
    ]
    if device.cameras:
        counted = frames((device,)) or Frames(0, 0)
        rows += [
            (tr("Frames stored"), f"{counted.stored:,}"),
            (tr("Frames lost"), f"{counted.lost:,}"),
            (tr("Frame memory"), f"{device.ring_fill:.0%}"),
        ]
    return rows


def node_word(state: NodeState) -> str:
    """Say how the engine stands with a node."""
    words = {
        NodeState.CONNECTING: tr("connecting"),
        NodeState.CONNECTED: tr("connected"),
        NodeState.UNREACHABLE: tr("unreachable"),
        NodeState.REFUSED: tr("refuses"),
        NodeState.CLOSED: tr("closed"),
    }
    return words[state]


def node_row(node: NodeStatus) -> Row:
    """Describe another computer that devices run on."""
    healths = {NodeState.CONNECTED: "alive", NodeState.REFUSED: "failed"}
    health = healths.get(node.state, "warning")
    value = node_word(node.state)
    if node.free_bytes is not None:
        value = tr("{} free").format(room(node.free_bytes))
    note = node.reason or (node.problem or "")
    if (transfer := node.transfer) is not None:
        share = f"{transfer.done / max(1, transfer.total):.0%}"
        value = (
            tr("transfer {} (rests)").format(share)
            if transfer.rests
            else tr("transfer {}").format(share)
        )
    elif node.problem and health == "alive":
        health = "warning"
    return Row(f"node {node.name}", health, node.name, value, note, None)


def node_details(node: NodeStatus) -> list[tuple[str, str]]:
    """List what there is to know of a node."""
    disk = offset = "–"
    if node.free_bytes is not None and node.total_bytes is not None:
        disk = tr("{} of {} free").format(room(node.free_bytes), room(node.total_bytes))
    if node.offset_s is not None and node.uncertainty_s is not None:
        offset = f"{node.offset_s:+,.4f} s ± {node.uncertainty_s * 1e3:.2f} ms"
    return [
        (tr("Address"), node.address),
        (tr("State"), node_word(node.state)),
        (tr("Version"), node.version or "–"),
        (tr("Disk"), disk),
        (tr("Clock offset"), offset),
        (tr("Recordings kept"), str(node.kept)),
    ]


def other_row(name: str, kind: str, rate_hz: float, host: str) -> Row:
    """Describe a stream on the network that the rig does not ask for."""
    value = f"{rate_hz:g} Hz" if rate_hz else tr("marks")
    note = tr("{} on {}: not in this rig, not recorded").format(kind or "?", host)
    return Row(f"other {name} {host}", "other", name, value, note, None)
