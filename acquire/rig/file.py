"""The rig file: which devices, which streams are expected, where sessions go."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from acquire.errors import ConfigError, Unknown
from acquire.rig.foreign_driver import judge
from acquire.rig.node import NodeTable
from acquire.rig.video import GateSettings, OnOverload, VideoOptions
from acquire.text_files import read_written, toml_of
from acquire.validation_text import first_problem
from devices.addresses import host_and_port
from recordings.names import is_reserved

_OURS = "unisono"
"""What stands in a recording for the device of the recorder's own streams."""
Codec = Literal["auto", "raw", "magicyuv", "ffvhuff", "ffv1", "x264-lossless", "x264-crf"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RigTable(_Table):
    """`[rig]`."""

    name: str = Field(default="rig", description="of the rig; it is in the source ids of streams")
    data_dir: Path = Field(default=Path("~/unisono"), description="where sessions go")
    lsl_session: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="LSL's SessionID: only programs that have the same one see each other",
    )
    driver_dir: Path | None = Field(
        default=None, description="folder with drivers of the lab's own"
    )
    powerline_hz: Literal[50, 60] | None = Field(
        default=None, description="mains frequency, for BIDS"
    )
    marker_keys: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=8, description="markers that Shift+F1 to Shift+F8 set in the window"
    )

    @field_validator("data_dir", "driver_dir")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        try:
            return path.expanduser() if path else None
        except RuntimeError:  # a data folder must not become one of that name, wherever we are
            raise ValueError(f"{path}: nobody of that name is on this computer") from None


class EegTable(_Table):
    """`[eeg]`: what BIDS asks about a montage and no amplifier can tell."""

    reference: str | None = Field(default=None, description="the reference electrode")
    ground: str | None = Field(default=None, description="the ground electrode")
    cap: str | None = Field(default=None, description="maker and model of the cap")


class Expect(_Table):
    """`[[expect]]`: a stream of somebody else's that has to be there. None matches anything."""

    name: str | None = Field(default=None, description="the stream's name")
    type: str | None = Field(default=None, description="its type, such as EEG or Gaze")
    rate_hz: float | None = Field(default=None, ge=0, description="its nominal rate")

    def __str__(self) -> str:
        parts = [f"{k}={v!r}" for k, v in self.model_dump(exclude_none=True).items()]
        return "a stream with " + ", ".join(parts)


class DeviceTable(BaseModel):
    """`[[device]]`: a name, a driver, and the driver's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    name: str = Field(description="of its streams and files; no two the same")
    driver: str = Field(description="one of those below, or a file of `driver_dir`")
    node: str | None = Field(
        default=None, description="the `[[node]]` that it runs on; none: this computer"
    )
    codec: Codec = Field(default="auto", description="cameras: how the video is stored")
    ring_s: float = Field(
        default=1.0, ge=0.1, le=60, description="cameras: memory for frames, in seconds"
    )
    gate: GateSettings | None = Field(default=None, description="cameras: store trials only")
    on_overload: OnOverload = Field(
        default="auto",
        description="cameras: where an encoder is too slow, frames are lost and counted, or a "
        "cheaper codec goes on in a further file; auto: that, where `codec` is auto",
    )

    @property
    def video(self) -> VideoOptions:
        """How frames are stored, where it is a camera."""
        return VideoOptions(self.codec, self.ring_s, self.gate, self.on_overload)

    @property
    def settings(self) -> dict[str, Any]:
        """What the driver gets."""
        return {"name": self.name, **(self.model_extra or {})}


class _RigFile(_Table):
    rig: RigTable = Field(default_factory=RigTable)
    eeg: EegTable = Field(default_factory=EegTable)
    node: tuple[NodeTable, ...] = Field(default=(), max_length=32)
    device: tuple[DeviceTable, ...] = ()
    expect: tuple[Expect, ...] = ()


@dataclass(frozen=True, slots=True)
class Rig:
    """A rig file, read and checked."""

    path: Path | None
    text: str
    table: RigTable
    eeg: EegTable
    devices: tuple[DeviceTable, ...]
    expect: tuple[Expect, ...]
    nodes: tuple[NodeTable, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the file as it was read."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def parsed(self) -> dict[str, Any]:
        """The file as plain data, defaults filled in."""
        return {
            "rig": self.table.model_dump(mode="json"),
            "eeg": self.eeg.model_dump(mode="json"),
            **({"node": [n.model_dump(mode="json") for n in self.nodes]} if self.nodes else {}),
            "device": [d.model_dump(mode="json", exclude=_if_none(d)) for d in self.devices],
            "expect": [e.model_dump(mode="json") for e in self.expect],
        }

    @property
    def driver_folder(self) -> Path | None:
        """Where the lab's own drivers are, relative to the rig file."""
        if self.table.driver_dir is None:
            return None
        return (self.folder or Path.cwd()) / self.table.driver_dir

    @property
    def data_dir(self) -> Path:
        """Where sessions go unless the command says otherwise, relative to the rig file."""
        return (self.folder or Path.cwd()) / self.table.data_dir.expanduser()

    def data_folder(self, named: Path | None) -> Path:
        """Give where sessions go: the folder that a command names, else `data_dir`; absolute."""
        return self.data_dir if named is None else named.expanduser().absolute()

    @property
    def folder(self) -> Path | None:
        """The rig file's folder: what relative paths in it are relative to."""
        return self.path.resolve().parent if self.path else None

    @property
    def peers(self) -> tuple[str, ...]:
        """The other computers whose streams belong to it."""
        return tuple(host_and_port(node.address)[0] for node in self.nodes)

    def device(self, name: str) -> DeviceTable:
        """Give a device's table.

        Raises:
            Unknown: there is none of that name.
        """
        for table in self.devices:
            if table.name == name:
                return table
        raise Unknown(f"no device {name!r} in this rig")

    def with_settings(self, name: str, settings: dict[str, Any]) -> Rig:
        """Give this rig with other settings of one device; its name and driver stay.

        Raises:
            Unknown, ConfigError: there is no such device, or it does not take the settings.
        """
        before = self.device(name)
        raw = {**settings, "name": before.name, "driver": before.driver, "node": before.node}
        where = str(self.path or "rig")
        try:
            after = DeviceTable.model_validate(raw)
        except ValidationError as error:
            problem = first_problem(error, DeviceTable)
            raise ConfigError(f"{where}: device {name!r}: {problem}") from error
        check_device(after, self.driver_folder, where)
        return replace(self, devices=tuple(after if d is before else d for d in self.devices))


def _if_none(device: DeviceTable) -> set[str]:
    return {"node"} if device.node is None else set()


def no_rig() -> Rig:
    """Give what applies where there is no rig file: the defaults."""
    return Rig(None, "", RigTable(), EegTable(), (), ())


def load_rig(path: Path) -> Rig:
    """Read and check a rig file: keys, names, drivers, the drivers' settings.

    Raises:
        ConfigError: naming file, key and remedy.
    """
    missing = f"no such rig file; `unisono rig new {path}` makes one"
    return parse_rig(read_written(path, missing), path)


def parse_rig(text: str, path: Path | None = None) -> Rig:
    """Check the text of a rig file; see `load_rig`."""
    where = path or "rig"
    raw = toml_of(text, where)
    try:
        file = _RigFile.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{where}: {first_problem(error, _RigFile)}") from error
    rig = Rig(path, text, file.rig, file.eeg, file.device, file.expect, file.node)
    _check_nodes(rig, str(where))
    _check_devices(rig, str(where))
    for index, expect in enumerate(rig.expect):
        if not expect.model_dump(exclude_none=True):
            raise ConfigError(f"{where}: expect.{index}: empty; give a name, a type or a rate_hz")
    return rig


def _check_nodes(rig: Rig, where: str) -> None:
    names = [node.name for node in rig.nodes]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{where}: node {name!r}: the name is used twice; rename one")
    for device in rig.devices:
        if device.node is not None and device.node not in names:
            raise ConfigError(
                f"{where}: device {device.name!r}: node: {device.node!r} is no [[node]] of this "
                f"rig; there are: {', '.join(names) or 'none'}; `unisono pair` writes one"
            )


def _check_devices(rig: Rig, where: str) -> None:
    seen: set[str] = set()
    for device in rig.devices:
        # Their files are called so, and on Windows' and Apple's disks Face.nut is face.nut.
        if device.name.casefold() in seen:
            raise ConfigError(
                f"{where}: device {device.name!r}: the name is used twice; rename one"
            )
        if device.name == _OURS:
            raise ConfigError(
                f"{where}: device {device.name!r}: Unisono's own streams are told by this name; "
                "rename the device"
            )
        seen.add(device.name.casefold())
        check_device(device, rig.driver_folder, where)


def check_device(device: DeviceTable, folder: Path | None, where: str) -> None:
    """Check that the driver exists, can run here, and accepts the settings.

    Raises:
        ConfigError: naming file, device, key and remedy.
    """
    place = f"{where}: device {device.name!r}"
    if is_reserved(device.name):
        raise ConfigError(f"{place}: Windows keeps this name for itself; rename the device")
    asked = judge(device.driver, folder, device.settings, elsewhere=device.node is not None)
    if asked.missing:
        if device.node is not None:
            return  # it may be known there: the node says so, or refuses it
        raise ConfigError(f"{place}: driver: {asked.missing}")
    if asked.unavailable:
        raise ConfigError(f"{place}: driver {device.driver!r} cannot run here: {asked.unavailable}")
    if asked.problem:
        raise ConfigError(f"{place}: {asked.problem}")
