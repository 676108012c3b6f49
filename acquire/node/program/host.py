"""A node: at most one engine's run at a time, what was recorded before, and the disk."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

import acquire
from acquire.errors import ConfigError, ControlError, Unknown
from acquire.lsl.config import BUFFER_S
from acquire.node.program.lsl_text import checked_lsl_config
from acquire.node.program.run import Run
from acquire.node.program.watch import Watch
from acquire.node.store.finishing import Finishing
from acquire.node.store.store import Store
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import BLOCK_BYTES, LateStops, NodeInfo, RunDevice, RunOrder
from acquire.rig.file import DeviceTable, check_device
from acquire.validation_text import first_problem

LIVES_S: Final = 5.0
"""An engine that was heard within this time lives: nobody takes its run over."""


class VersionSkew(ControlError):
    """Engine and node are of different versions."""


class Host:
    """A node's devices and recordings.

    Args:
        name: what it calls itself.
        data_dir: where recordings go.
        block_bytes: what has a hash of its own.
        complain: hears what nobody else can be told.
    """

    def __init__(
        self,
        name: str,
        data_dir: Path,
        complain: Callable[[str], None],
        block_bytes: int = BLOCK_BYTES,
        buffer_s: int = BUFFER_S,
    ) -> None:
        self.name = name
        self._buffer_s = buffer_s
        self.store = Store(data_dir, complain)
        self._run: Run | None = None
        self._turn = threading.Lock()  # one run is begun or ended at a time
        self._closing = threading.Event()
        self._finishing = Finishing(self.store, lambda: self.is_recording, complain, block_bytes)
        self._watch = Watch(name, lambda: self._run, complain)

    def start(self) -> None:
        """Begin to look after the disk and what is kept."""
        self._finishing.start()
        self._watch.start()

    def close(self) -> None:
        """End the run, its recordings first."""
        self._closing.set()
        with self._turn:
            self._end_run()
        self._finishing.close()
        self._watch.close()

    # What it is.

    @property
    def is_recording(self) -> bool:
        """Whether the disk belongs to the cameras."""
        run = self._run
        return run is not None and run.takes.is_recording

    def info(self) -> NodeInfo:
        """Describe it."""
        run = self._run
        total, _, free = self._disk()
        return NodeInfo(
            name=self.name,
            version=acquire.__version__,
            run_id=run.run_id if run else None,
            engine=run.order.engine if run else None,
            recording=self.is_recording,
            disk_free_bytes=free,
            disk_total_bytes=total,
            disk_bytes_per_s=self._watch.bytes_per_s,
            hostname=socket.gethostname(),
            devices=run.devices() if run else (),
            kept=tuple(kept.told() for kept in self.store.all()),
        )

    def _disk(self) -> tuple[int, int, int]:
        try:
            return shutil.disk_usage(self.store.data_dir)
        except OSError:  # it was unplugged: what runs here is to be stopped all the same
            return 0, 0, 0

    # Runs.

    def run(self, run_id: str) -> Run:
        """Give the run that goes on, and note that its engine lives.

        Raises:
            Unknown: it is another, or none.
        """
        run = self._run
        if run is None or run.run_id != run_id:
            raise Unknown(
                f"{self.name}: knows no run {run_id!r}; was it started anew? PUT it again"
            )
        run.heard()
        return run

    def put_run(self, run_id: str, order: RunOrder, *, adopt: bool = False) -> NodeInfo:
        """Begin a run, or find that it goes on already. Devices are opened by `Open`.

        Args:
            run_id: the engine's name for it.
            order: what it wants.
            adopt: whether the run of an engine that is gone is ended first; what it recorded is
                kept.

        Raises:
            VersionSkew: the engine is of another version.
            ConfigError: a device's driver or settings are not right here.
            ControlError: the node belongs to another engine's run, or the run has other devices.
        """
        _refuse_skew(self.name, order)
        tables = tuple(_table(self.name, device) for device in order.devices)
        lsl_config = checked_lsl_config(order.lsl_config)
        with self._turn:
            if self._closing.is_set():
                raise ControlError(f"{self.name}: is being ended; start it again")
            before = self._run
            if before is not None and before.run_id == run_id:
                before.heard()
                if before.order.devices != order.devices:
                    raise ControlError(
                        f"{self.name}: run {run_id} has other devices; begin another run"
                    )
                return self.info()
            if before is not None:
                self._refuse_living(before, adopt=adopt)
                self._end_run()
            self._run = Run(
                run_id,
                order,
                tables,
                lsl_config,
                self.store,
                self._finishing.look,
                self._buffer_s,
            )
        return self.info()

    def _refuse_living(self, run: Run, *, adopt: bool) -> None:
        whose = f"{self.name}: run {run.run_id} of engine {run.order.engine!r}"
        if run.unheard_s < LIVES_S:
            raise ControlError(
                f"{whose} goes on, heard {run.unheard_s:.1f} s ago; end that engine, or ask again "
                f"once it has been silent for {LIVES_S:g} s"
            )
        if run.takes.is_recording and not adopt:
            raise ControlError(
                f"{whose} records, not heard for {run.unheard_s:.0f} s; ask with adopt=true to "
                "end that recording and keep it"
            )

    def delete_run(self, run_id: str) -> None:
        """End a run: its recordings, then its devices.

        Raises:
            Unknown: it is another, or none.
        """
        with self._turn:
            self.run(run_id)
            self._end_run()

    def end_left(self, run_id: str, late: LateStops) -> None:
        """End the run of an engine that is gone, its takes where it wanted them to end.

        Raises:
            Unknown: it is another, or none.
            ControlError: its engine lives.
        """
        with self._turn:
            run = self._run
            if run is None or run.run_id != run_id:
                raise Unknown(f"{self.name}: run {run_id!r} does not go on")
            self._refuse_living(run, adopt=True)
            self._end_run(late.by_session)

    def _end_run(self, late: Mapping[str, float] = MappingProxyType({})) -> None:
        run = self._run
        if run is None:
            return
        try:
            run.close(late)
        finally:
            self._run = None
            self._finishing.look()


def _refuse_skew(name: str, order: RunOrder) -> None:
    if order.wire != WIRE or order.version != acquire.__version__:
        raise VersionSkew(
            f"{name} is Unisono {acquire.__version__} (wire {WIRE}), and engine {order.engine!r} "
            f"is {order.version} (wire {order.wire}); install the same version on both"
        )


def _table(node: str, device: RunDevice) -> DeviceTable:
    """Check a device as a rig file's is."""
    video = device.model_dump(include={"codec", "ring_s", "gate", "on_overload"})
    try:
        table = DeviceTable.model_validate(
            {**device.settings, **video, "name": device.name, "driver": device.driver, "node": None}
        )
    except ValidationError as error:
        problem = first_problem(error, DeviceTable)
        raise ConfigError(f"node {node}: device {device.name!r}: {problem}") from error
    check_device(table, None, f"node {node}")
    return table
