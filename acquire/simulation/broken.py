"""Sessions that are broken on order, each in a way that has a name: for tests, and for practice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recordings import layout
from recordings.manifest import MANIFEST_NAME, Manifest, State

_DAMAGED_BYTES: Final = 4096


def _nothing(folder: Path) -> None:
    """Leave a session as it is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong while a session is recorded, and afterwards."""

    what: str
    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # fault plans by name
    after: Callable[[Path], None] = _nothing

    @property
    def leaves_it_whole(self) -> bool:
        """Whether the files can be opened in the end: nobody codes what cannot."""
        return self.after is _nothing


def _crash(folder: Path) -> None:
    """End the files where the program died."""
    xdf = folder / layout.XDF_NAME
    _truncate(xdf, 0.6)
    manifest = Manifest.load(folder)
    for video in manifest.videos:
        _truncate(folder / video.file, 0.6)
    begun = {
        "state": State.RECORDING,
        "lsl_stop": None,
        "clock": manifest.clock[:1],
        "streams": tuple(
            entry.model_copy(update={"samples": 0, "first_stamp": None, "last_stamp": None})
            for entry in manifest.streams
        ),
        "files": tuple(
            entry.model_copy(update={"bytes": None, "sha256": None}) for entry in manifest.files
        ),
    }
    manifest.model_copy(update=begun).save(folder)


def _truncate(path: Path, share: float) -> None:
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))


def _damage(folder: Path) -> None:
    """Put zeros in the middle, as a bad sector does."""
    path = folder / layout.XDF_NAME
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(_DAMAGED_BYTES))


def _lose_videos(folder: Path) -> None:
    for video in Manifest.load(folder).videos:
        (folder / video.file).unlink()


FAULTS: Final[Mapping[str, Fault]] = {
    "lost-samples": Fault(
        "the EEG loses one sample in a thousand", {"eeg": {"drop_probability": 0.001}}
    ),
    "unplugged": Fault(
        "the physiology is unplugged after 3 s, for 2 s",
        {"physio": {"unplug_at_s": 3.0, "unplug_for_s": 2.0}},
    ),
    "crashed": Fault("the program died: no end, nothing closed", after=_crash),
    "damaged": Fault("4096 bytes of the XDF file were overwritten", after=_damage),
    "no-manifest": Fault(
        "session.json is cut in half", after=lambda folder: _truncate(folder / MANIFEST_NAME, 0.5)
    ),
    "no-xdf": Fault(
        "recording.xdf is gone", after=lambda folder: (folder / layout.XDF_NAME).unlink()
    ),
    "no-video": Fault("the videos are gone", after=_lose_videos),
}
"""By name."""

SOUND: Final = Fault("")
