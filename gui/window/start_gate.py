"""What stands in the way of a good recording, and what it would mean: said before the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acquire.engine.status import Phase
from acquire.lsl.origin import DEVICE
from acquire.plain_text import room
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import DiskInfo, StatusInfo
from gui.client.code_words import explained, missing
from gui.client.status_text import state_word
from gui.texts import tr

LOW_MINUTES = 30.0
LOW_BYTES = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before the start; an `error` makes the start impossible."""

    level: Literal["error", "warning"]
    text: str
    meaning: str


def findings(status: StatusInfo, participant: str) -> list[Finding]:
    """List what is not as it should be, the worst first."""
    found = [*_engine(status), *_absent(status), *_troubled(status), *_disk(status.disk)]
    if participant in ("", "test"):
        found.append(
            Finding(
                "warning",
                tr("No participant is given"),
                tr("The session will be called sub-test, like every try; type a pseudonym."),
            )
        )
    return sorted(found, key=lambda f: f.level != "error")


def _engine(status: StatusInfo) -> list[Finding]:
    if status.state is Phase.OPENING:
        text = tr("The rig is still opening")
        return [Finding("error", text, tr("Wait until its devices run."))]
    if status.state is Phase.FINISHING:
        text = tr("The last recording is still being finished")
        return [Finding("error", text, tr("Wait until its files are closed."))]
    data = [s for s in status.streams if s.device != DEVICE]  # the engine's own are always chosen
    if data and not any(s.selected for s in data):
        text = tr("No stream is chosen")
        return [Finding("error", text, tr("There is nothing to record; tick a stream."))]
    return []


def _absent(status: StatusInfo) -> list[Finding]:
    named = _down(status)
    found = [
        Finding(
            "warning",
            _state(d) + (f": {d.error.removeprefix(f'{d.name}: ')}" if d.error else ""),
            tr("Nothing of it will be in the session."),
        )
        for d in named
    ]
    known = {f"device {d.name} is" for d in named}
    # What was there and has gone is told by its own light.
    gone = [repr(s.name) for s in status.streams if s.selected and not s.connected]
    found += [
        Finding("warning", told, tr("It will not be in the session unless it comes later."))
        for text, told in missing(status).items()
        if not any(text.startswith(k) for k in known) and not any(name in text for name in gone)
    ]
    return found


def _down(status: StatusInfo) -> list[DeviceInfo]:
    return [d for d in status.devices if d.state in (DeviceState.CLOSED, DeviceState.FAILED)]


def _state(device: DeviceInfo) -> str:
    if device.state is DeviceState.FAILED:
        return tr("Device {} has failed").format(device.name)
    return tr("Device {} is {}").format(device.name, state_word(device.state))


def _troubled(status: StatusInfo) -> list[Finding]:
    found = []
    told = {device.name for device in _down(status)}
    for stream in status.streams:
        if stream.device in told and not stream.connected:
            continue  # with its device, which has no cable to be checked where it was stopped
        if not stream.selected:
            meaning = tr("It is not chosen: nothing of it will be recorded.")
            found.append(Finding("warning", tr("Stream {}").format(stream.name), meaning))
        elif stream.health != "alive":
            reason = explained(stream.causes, stream.reason.removeprefix(f"{stream.name}: "))
            text = f"{stream.name}: {reason}"
            if "stamps-far" in stream.causes:
                meaning = tr("It will be recorded, but not on the common clock.")
            else:
                meaning = tr("What it does not send cannot be recorded.")
            found.append(Finding("warning", text, meaning))
    return found


def _disk(disk: DiskInfo) -> list[Finding]:
    if disk.gone:
        text = tr("The data folder is gone: {}").format(disk.data_dir)
        return [
            Finding(
                "error",
                text,
                tr("Plug its disk in again, or end the engine and open the rig again."),
            )
        ]
    minutes = disk.minutes
    if minutes is not None and minutes < LOW_MINUTES:
        text = tr("The disk is full in {:.0f} minutes").format(minutes)
    elif minutes is None and disk.free_bytes < LOW_BYTES:
        text = tr("{} are free on the disk").format(room(disk.free_bytes))
    else:
        return []
    meaning = tr("A full disk ends the recording; free some space in {}.").format(disk.data_dir)
    return [Finding("warning", text, meaning)]
