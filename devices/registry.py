"""Finds drivers by name: in `devices.drivers`, in the rig's own folder, among installed packages.

Driver `simulated-eeg` is the one concrete `Device` class of the module `simulated_eeg`. To look one
up imports that one module, which keeps starting fast. A folder comes before `devices.drivers`, and
that before the entry points `unisono.devices`.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from devices import drivers
from devices.base import Device, DeviceError, Settings

GROUP = "unisono.devices"
OWN_PACKAGE = "unisono"
"""It registers what lies elsewhere, `replay`, as anybody would."""

Loader = Callable[[], type[Device]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """A driver as `unisono devices` lists it; `reason` says why it is not available."""

    name: str
    summary: str
    simulated: bool
    available: bool
    reason: str = ""


def find(name: str, folder: Path | None = None) -> type[Device]:
    """Return the driver of that name, importing nothing but its module.

    Raises:
        DeviceError: no driver has that name, or its module cannot be imported.
    """
    load = _near(folder).get(name) or _installed().get(name)
    if load is None:
        raise DeviceError(_unknown(name, sorted(_near(folder) | _installed()), folder))
    driver = load()
    settings: object = driver.Settings
    if not (inspect.isclass(settings) and issubclass(settings, Settings)):
        raise DeviceError(
            f"driver {name!r}, {place_of(name, folder)}: {driver.__name__}.Settings is "
            f"{settings!r:.80}, not a class derived from devices.base.Settings"
        )
    return driver


def place_of(name: str, folder: Path | None = None) -> Path | str | None:
    """Say where a driver of somebody else's is: a file, or in words; None = ours, or unknown."""
    load = _near(folder).get(name) or _installed().get(name)
    match load:
        case _ModuleLoader():
            return load.path
        case _PointLoader() if load.package != OWN_PACKAGE:
            return f"package {load.package}"
    return None


def names(folder: Path | None = None) -> list[str]:
    """Name every driver there is, in order; nothing is imported."""
    return sorted(_installed() | _near(folder))


def entry(name: str, folder: Path | None = None) -> DriverEntry:
    """Look a driver up, and ask it whether it can run here; a broken one says why."""
    try:
        driver = find(name, folder)
        reason = _guarded(name, driver.__module__, driver.unavailable)
    except DeviceError as error:
        return DriverEntry(name, "", simulated=False, available=False, reason=str(error))
    return DriverEntry(name, driver.summary, driver.simulated, reason is None, reason or "")


def _near(folder: Path | None) -> dict[str, Loader]:
    """Map the names of our drivers and of the folder's to what loads them; nothing is imported."""
    modules = {m.name for m in pkgutil.iter_modules(drivers.__path__)}
    loaders: dict[str, Loader] = {
        _name(m): _ModuleLoader(_name(m), f"devices.drivers.{m}") for m in modules
    }
    return loaders | _in_folder(folder) if folder else loaders


def _in_folder(folder: Path) -> dict[str, Loader]:
    folder = folder.expanduser()
    if not folder.is_dir():
        raise DeviceError(f"driver_dir {folder} is not a folder; correct `driver_dir` in the rig")
    paths = [p for p in folder.glob("*.py") if not p.name.startswith("_")]
    return {_name(p.stem): _ModuleLoader(_name(p.stem), p.stem, p) for p in paths}


def _installed() -> dict[str, Loader]:
    from importlib.metadata import entry_points  # takes long, and no driver of ours needs it

    return {
        point.name: _PointLoader(point.name, point.load, point.dist.name if point.dist else "")
        for point in entry_points(group=GROUP)
    }


def _name(module: str) -> str:
    return module.replace("_", "-")


@dataclass(frozen=True, slots=True)
class _ModuleLoader:
    """Loads the one driver of a module; of a file where `path` is given."""

    name: str
    module: str
    path: Path | None = None

    def __call__(self) -> type[Device]:
        where = self.path or self.module
        classes = _drivers(_guarded(self.name, where, self._import))
        found = [one for one in classes if not inspect.isabstract(one)]
        if len(found) != 1:
            unfinished = "; ".join(map(_lacks, classes)) if not found else ""
            raise DeviceError(
                f"driver {self.name!r}: {where} defines {len(found)} concrete Device classes "
                f"({', '.join(c.__name__ for c in found) or unfinished or 'none'}); a driver file "
                "defines one"
            )
        return found[0]

    def _import(self) -> ModuleType:
        if self.path is None:
            return importlib.import_module(self.module)
        full = f"unisono_driver_{self.module}"
        loaded = sys.modules.get(full)
        if loaded is not None and loaded.__file__ == str(self.path):
            return loaded
        spec = importlib.util.spec_from_file_location(full, self.path)
        assert spec is not None, self.path
        assert spec.loader is not None, self.path
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module  # dataclasses and pydantic look their module up there
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[full]
            raise
        return module


@dataclass(frozen=True, slots=True)
class _PointLoader:
    """Loads a driver that a package registered."""

    name: str
    load: Callable[[], object]
    package: str

    def __call__(self) -> type[Device]:
        found = _guarded(self.name, f"entry point {GROUP}", self.load)
        if not (inspect.isclass(found) and issubclass(found, Device)):
            raise DeviceError(
                f"driver {self.name!r}: the entry point {GROUP} names {found!r}, "
                "not a class derived from devices.base.Device"
            )
        return found


def _guarded(name: str, where: object, load: Callable[[], T]) -> T:
    """Load foreign code: whatever goes wrong in it is this driver's failure, not ours."""
    try:
        return load()
    except KeyboardInterrupt:  # the user's, not the driver's
        raise
    except BaseException as error:  # a module that calls sys.exit fails like any other
        reason = " ".join(f"{type(error).__name__}: {words_of(error)}".split())
        raise DeviceError(
            f"driver {name!r} cannot be loaded from {where}: {reason}; "
            "repair that file or install what it asks for"
        ) from error


def words_of(error: BaseException) -> str:
    """Give the words of an error; a driver's own may have none, or trip over making them."""
    try:
        return str(error) or type(error).__name__
    except Exception:
        return type(error).__name__


def _drivers(module: ModuleType) -> list[type[Device]]:
    return [
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Device)
        and member.__module__ == module.__name__
    ]


def _lacks(unfinished: type[Device]) -> str:
    methods = ", ".join(f"{name}()" for name in sorted(unfinished.__abstractmethods__))
    return f"{unfinished.__name__} lacks {methods}"


def _unknown(name: str, known: list[str], folder: Path | None) -> str:
    near = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are: {', '.join(known)}"
    place = f"{folder}/{name.replace('-', '_')}.py" if folder else "a folder set as `driver_dir`"
    return f"unknown driver {name!r}; {hint} (a driver of your own belongs in {place})"
