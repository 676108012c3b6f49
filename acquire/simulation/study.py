"""A whole study of simulated sessions: how large it will be, and its sessions in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError
from acquire.rig.file import parse_rig
from acquire.simulation.broken import FAULTS
from acquire.simulation.rig import CHANNELS, RATE_HZ, Film, rig_text
from acquire.simulation.session import SessionOrder, write_session
from devices.counter_rng import make_key
from recordings import layout
from recordings.errors import DiskFull
from recordings.stream_kinds import INDEX_CHANNELS

_STAMP_BYTES: Final = 9
_SIDE_FILES: Final = 200_000
_SMALLER: Final = 0.6
"""What a lossless video takes of its pictures, noise and all: less than that."""
_MAX_PARTICIPANTS: Final = 9999
LEAST_HZ: Final = 40.0


@dataclass(frozen=True, slots=True)
class StudyOrder:
    """A study to be written. `broken` names a fault of `FAULTS` by participant."""

    data_dir: Path
    participants: int
    study: str = "simulated"
    seconds: float = 60.0
    seed: int = 1
    film: Film | None = field(default_factory=Film)
    broken: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1

    @property
    def labels(self) -> list[str]:
        """The participants' pseudonyms: 01, 02…"""
        width = max(2, len(str(self.participants)))
        return [f"{number:0{width}d}" for number in range(1, self.participants + 1)]

    @property
    def folder(self) -> Path:
        """Where the study will be."""
        return self.data_dir / self.study

    def sessions(self) -> Iterator[SessionOrder]:
        """Yield what is to be written, one session a participant."""
        host = f"simulated-{make_key(self.seed, 'host') & 0xFFFF:04x}"
        for number, label in enumerate(self.labels):
            yield SessionOrder(
                data_dir=self.data_dir,
                study=self.study,
                participant=label,
                number=number,
                host=host,
                seed=make_key(self.seed, "participant", label) & 0x7FFFFFFF,
                seconds=self.seconds,
                film=self.film,
                fault=self.broken.get(label, ""),
            )

    def bytes(self) -> int:
        """Estimate what it will take: rather more than less."""
        per_s = sum(RATE_HZ * (_STAMP_BYTES + 4 * channels) for channels in CHANNELS.values())
        if (film := self.film) is not None:
            row = _STAMP_BYTES + 8 * len(INDEX_CHANNELS)
            per_s += film.rate_hz * (row + _SMALLER * film.width * film.height)
        return round(self.participants * (self.seconds * per_s + _SIDE_FILES))


def check_order(order: StudyOrder) -> None:
    """Refuse what cannot be written, before anything is.

    Raises:
        ConfigError: a value is out of range, or names what there is not.
        RecordingError: the study exists already, its folder cannot be written to, or there is no
            room for it.
    """
    if not 1 <= order.participants <= _MAX_PARTICIPANTS:
        raise ConfigError(f"--participants {order.participants}: give 1 to {_MAX_PARTICIPANTS}")
    layout.check_study(order.study)
    if order.film is not None and not order.film.rate_hz >= LEAST_HZ:
        raise ConfigError(
            f"--rate {order.film.rate_hz:g}: give at least {LEAST_HZ:g}: the shortest flash of the "
            "simulated world lasts 60 ms, and a check could not find it"
        )
    parse_rig(rig_text(order.seed, order.film, {}))
    for label, fault in order.broken.items():
        if label not in order.labels:
            known = f"{order.labels[0]} to {order.labels[-1]}"
            raise ConfigError(f"--broken {label}={fault}: the participants are {known}")
        if fault not in FAULTS:
            raise ConfigError(f"--broken {label}={fault}: there are {', '.join(FAULTS)}")
    if order.folder.exists():
        raise ConfigError(
            f"{order.folder}: exists already, and nothing is overwritten; name another --study or "
            "--to, or delete it"
        )
    layout.prepare_data_dir(order.data_dir)
    free, needed = layout.free_bytes(order.data_dir), order.bytes()
    if needed > free:
        raise DiskFull(
            f"{order.data_dir}: {needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free; "
            "name another disk with --to, or take fewer --participants, fewer --seconds or "
            "--no-video"
        )


def write_study(order: StudyOrder, tell: Callable[[Path], None] = lambda folder: None) -> None:
    """Write the sessions; `tell` hears of each one's folder as it is done.

    Raises:
        RecordingError: one cannot be written; those that were are whole.
    """
    sessions = list(order.sessions())
    if order.jobs <= 1:
        for session in sessions:
            tell(write_session(session))
        return
    # Spawned: a fork of a process with threads may hang, and no platform but Linux has it.
    with ProcessPoolExecutor(order.jobs, mp_context=get_context("spawn")) as pool:
        try:
            for folder in pool.map(write_session, sessions):
                tell(folder)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
