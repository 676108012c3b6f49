"""When a recording may start: everything is there, and what more may come has had its second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.processes.link import Link
from acquire.processes.messages import Tell
from acquire.pump.discovery import Discovery
from acquire.pump.pump import Pump
from acquire.pump.selection import NO_STREAM

SETTLED_S = 1.0
"""A recording starts once no new stream has come for so long, where nobody knows how many may."""
OFFSETS_S = 2.0
"""How long to wait, at most, for the first clock offset of every stream."""
POLL_S = 0.02


class Readiness:
    """Judges whether the devices run and the streams are connected."""

    def __init__(
        self,
        devices: Mapping[str, Link],
        discovery: Discovery,
        pump: Pump,
        report: Tell,
        own: Iterable[str] = (),
    ) -> None:
        """Take what is looked at; `own` are the names of the engine's own streams."""
        self._own = tuple(own)
        self._devices = devices
        self._discovery = discovery
        self._pump = pump
        self._report = report

    def wait(self, wait_s: float, *, allow_missing: bool, cancelled: Callable[[], bool]) -> None:
        """Wait until everything is there.

        Raises:
            ControlError: a device failed, or something is missing after `wait_s`; the message lists
                what was found.
        """
        deadline = time.monotonic() + wait_s
        while not self._is_settled(allow_missing):
            if cancelled():
                return
            failed = [d.snapshot for d in self._devices.values() if d.snapshot.error]
            if failed and not allow_missing:
                raise ControlError(failed[0].error)
            self._refuse_shared_names()
            if time.monotonic() > deadline:
                if allow_missing or not self.missing():
                    self._tell_of_waiting(wait_s)
                    return
                raise ControlError(self._explain(wait_s))
            time.sleep(POLL_S)

    def _tell_of_waiting(self, wait_s: float) -> None:
        for text in self._discovery.unmatched():  # what the rig has or expects, each take tells of
            text = f"{text}: nothing of it is recorded until it comes; start its program"
            self._report("engine", "warning", "not-found", text)
        if waiting := self._discovery.waiting:
            there = len(self._pump.data_streams)
            text = (
                f"after {wait_s:g} s {there} of {there + waiting} streams are connected: a "
                "recording that begins now has the others from when they are; wait longer (--wait)"
            )
            self._report("engine", "warning", "still-connecting", text)

    def missing(self) -> list[str]:
        """Say in words what is not there."""
        return self._missing(failed=True)

    def _missing(self, *, failed: bool) -> list[str]:
        """Say what is not there; devices that have failed only if they are asked for."""
        absent = [
            f"device {d.name} is {d.state}"
            + (f" ({why})" if (why := d.error or d.away or d.trouble) else "")
            for d in (device.snapshot for device in self._devices.values())
            if (not d.runs or d.away is not None) and (failed or d.error is None)
        ]
        return absent + [missing.text for missing in self._discovery.missing()]

    def _is_settled(self, allow_missing: bool) -> bool:
        quiet = local_clock() - self._discovery.last_new
        # What has failed is not waited for where it may be missing, and a rig of nothing is there.
        missing = self._missing(failed=not allow_missing)
        if allow_missing and NO_STREAM.text in missing:
            missing.remove(NO_STREAM.text)
        if missing or self._discovery.is_connecting:
            return False
        if quiet < SETTLED_S and self._discovery.may_find_more:
            return False
        waiting = any(s.inlet is not None and s.estimate is None for s in self._pump.streams)
        return not waiting or quiet > OFFSETS_S

    def _refuse_shared_names(self) -> None:
        """Two streams of one name could not be told apart in the files."""
        owners = dict.fromkeys(self._own, "")
        for snapshot in (device.snapshot for device in self._devices.values()):
            for spec in snapshot.opened.specs if snapshot.opened else ():
                if (owner := owners.setdefault(spec.name, snapshot.name)) != snapshot.name:
                    others = f"device {owner!r}" if owner else "the recorder"
                    raise ControlError(
                        f"device {snapshot.name!r} and {others} both have a stream {spec.name!r}; "
                        "rename the device, or leave it out"
                    )

    def _explain(self, wait_s: float) -> str:
        own = {
            uid
            for device in self._devices.values()
            if (opened := device.snapshot.opened) is not None
            for uid in opened.uids.values()
        }
        found = [str(s) for s in self._discovery.seen() if s.uid not in own]
        return (
            f"after {wait_s:g} s: {'; '.join(self.missing())}. "
            f"Streams found: {'; '.join(found) or 'none'}. "
            "Start what is missing, wait longer (--wait) or go on without (--allow-missing)"
        )
