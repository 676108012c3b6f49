"""The device processes of a rig: started together, each started again when it dies, ended together.

What a device says goes to `hear`; `came_up` and `goes_down` tell whoever stores videos.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from functools import partial
from typing import Any

from acquire.errors import ControlError, Unknown
from acquire.lsl.clock import local_clock
from acquire.processes.device_link import DeviceLink
from acquire.processes.futures import all_at_once
from acquire.processes.link import Link
from acquire.processes.messages import DeviceState, Ends, HostEvent, Loss, Open
from acquire.processes.restarts import Restarts
from acquire.rig.file import DeviceTable, Rig
from recordings.manifest_entries import Level

OPEN_S = 15.0
"""How long a device may take to open."""
CLOSE_S = 5.0


Hear = Callable[[str, HostEvent], None]
NoteLoss = Callable[[str, Loss], None]
MakeLink = Callable[[DeviceTable, Hear, NoteLoss], Link]


def process_of(table: DeviceTable, hear: Hear, note_loss: NoteLoss) -> Link:
    """Give the link to a device process of this computer."""
    return DeviceLink(table.name, table.driver, hear, note_loss)


class RigDevices:
    """All devices of one rig, by name."""

    def __init__(
        self,
        rig: Rig,
        lsl_config: str | None,
        origin: str,
        hear: Hear,
        note_loss: NoteLoss,
        came_up: Callable[[str], None],
        goes_down: Callable[[str], None],
        fetched: Callable[[Ends], bool],
        make_link: MakeLink = process_of,
    ) -> None:
        """Prepare; nothing is started yet. `make_link` decides where a device runs.

        `origin` is what the streams' source ids begin with; `fetched` waits until samples have
        come, and says whether they have.
        """
        self.rig = rig
        self._lsl_config = lsl_config
        self._origin = origin
        self._tell = hear
        self._came_up = came_up
        self._goes_down = goes_down
        self._fetched = fetched
        self._restarts = Restarts()
        self._revivals: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()  # one device is started or stopped at a time
        self._closing = False
        self.processes = {
            table.name: make_link(table, self._hear, note_loss) for table in rig.devices
        }

    def __getitem__(self, name: str) -> Link:
        """Give one of them.

        Raises:
            Unknown: there is none of that name.
        """
        try:
            return self.processes[name]
        except KeyError:
            known = ", ".join(self.processes) or "none"
            raise Unknown(f"no device {name!r} in this rig; there are: {known}") from None

    @property
    def simulated(self) -> bool:
        """Whether one of them is."""
        opened = [process.snapshot.opened for process in self.processes.values()]
        return any(o.simulated for o in opened if o is not None)

    def absent(self, present: Container[str | None], gets: Callable[[str], bool]) -> list[str]:
        """Name the devices that have streams which `gets` wants, and are not among `present`."""
        return [
            name
            for name, process in self.processes.items()
            if name not in present and process.snapshot.may_give(gets)
        ]

    def simulates(self, name: str | None) -> bool:
        """Whether that is a device of the rig, and simulated."""
        opened = self.processes[name].snapshot.opened if name in self.processes else None
        return opened is not None and opened.simulated

    def start_all(self) -> None:
        """Start every process; returns before the devices are open."""
        for name in self.processes:
            self._start(name)

    def _start(self, name: str) -> None:
        table = self.rig.device(name)
        order = Open(
            table.driver,
            table.settings,
            self.rig.driver_folder,
            self._lsl_config,
            table.video,
            origin=self._origin,
        )
        self.processes[name].start(order, self.rig.folder)

    # One that died.

    def _hear(self, name: str, event: HostEvent) -> None:
        self._tell(name, event)
        if event.code == "device-died" and not self._closing:
            self._revive_later(name)

    def _revive_later(self, name: str) -> None:
        delay = self._restarts.died(name, local_clock())
        if delay is None:
            text = "its process dies again and again; see what it says, then start it again"
            self._say(name, "error", "device-given-up", text)
            return
        timer = threading.Timer(delay, self._revive, (name,))
        timer.daemon = True
        self._revivals[name] = timer
        timer.start()

    def _revive(self, name: str) -> None:
        with self._lock:
            if self._closing or self.processes[name].alive:
                return
            if self._bring_up(name):
                self._say(name, "info", "device-back", "its process runs again")

    def _bring_up(self, name: str) -> bool:
        self._start(name)
        if not self.processes[name].wait_open(OPEN_S):
            self.once_open(name, self._came_up)
            return False
        self._came_up(name)
        return True

    def once_open(self, name: str, then: Callable[[str], None]) -> None:
        """Do something with a device that takes long, once it is open; returns before that.

        It may be minutes: another computer that is still to be switched on.
        """
        link = self.processes[name]

        def wait() -> None:
            if link.wait_open():
                with self._lock:
                    if not self._closing:
                        then(name)

        if link.snapshot.state is DeviceState.OPENING:
            threading.Thread(target=wait, name=f"late {name}", daemon=True).start()

    def _say(self, name: str, level: Level, code: str, text: str) -> None:
        self._tell(name, HostEvent(local_clock(), level, code, f"{name}: {text}"))

    # What somebody asks for.

    def start(self, name: str) -> bool:
        """Start a device that is closed or has failed; False = it was running.

        Raises:
            Unknown: there is none of that name.
            ControlError: it does not start; the message says why.
        """
        device = self[name]
        with self._lock:
            self._forget(name)
            if device.alive:
                if device.snapshot.state is not DeviceState.FAILED:
                    return False
                device.close(CLOSE_S)
            if not self._bring_up(name):
                error = device.snapshot.error or device.snapshot.away
                raise ControlError(
                    error or f"{name}: not open within {OPEN_S:g} s; see /api/events"
                )
        self._say(name, "info", "device-started", "started")
        return True

    def stop(self, name: str) -> bool:
        """End a device's process, its video first; False = it was not running.

        Raises:
            Unknown: there is none of that name.
        """
        device = self[name]
        with self._lock:
            self._forget(name)
            if not device.alive:
                return False
            self._goes_down(name)
            if not self._fetched(device.finish(CLOSE_S)):
                text = "its last samples have not come: the recorder was too slow, see its load"
                self._say(name, "warning", "end-not-received", text)
            device.close(CLOSE_S)
        self._say(name, "info", "device-stopped", "stopped")
        return True

    def _forget(self, name: str) -> None:
        """Somebody looks after it: its deaths do not count any more."""
        self._restarts.forget(name)
        if (timer := self._revivals.pop(name, None)) is not None:
            timer.cancel()

    def change(self, name: str, settings: dict[str, Any]) -> None:
        """Start a device anew with other settings.

        Raises:
            Unknown: there is none of that name.
            ConfigError: the settings are not allowed.
            ControlError: it does not start with them.
        """
        rig = self.rig.with_settings(name, settings)
        self.stop(name)
        self.rig = rig
        self.start(name)

    # The end.

    def keep_down(self) -> None:
        """Start none again; one that is just being started is waited for."""
        self._closing = True
        for timer in list(self._revivals.values()):
            timer.cancel()
        with self._lock:
            pass

    def close(self) -> None:
        """End all processes, at the same time."""
        all_at_once(partial(device.close, CLOSE_S) for device in self.processes.values())
