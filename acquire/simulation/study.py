"""A whole study of simulated sessions: how large it will be, and its sessions in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError
from acquire.rig.file import parse_rig
from acquire.simulation.broken import FAULTS
from acquire.simulation.resuming import SOFTWARE, Options, begun, check_options
from acquire.simulation.rig import CHANNELS, RATE_HZ, Film, rig_text
from acquire.simulation.session import SessionOrder, write_session
from acquire.take.folder import software
from devices.counter_rng import make_key
from recordings import layout, names
from recordings.engines.local import Here, Processes
from recordings.engines.work import Engine, Lost, Work
from recordings.errors import DiskFull, RecordingError
from recordings.stream_kinds import INDEX_CHANNELS

_STAMP_BYTES: Final = 9
_SIDE_FILES: Final = 200_000
_SMALLER: Final = 0.6
"""What a lossless video takes of its pictures, noise and all: less than that."""
_CODED_BYTES: Final = 200  # a second and coder
_MAX_PARTICIPANTS: Final = 9999
MAX_CODERS: Final = 20
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
    coders: int = 0

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
                coders=self.coders,
            )

    def waiting(self) -> list[SessionOrder]:
        """List the sessions that are not there yet."""
        return [session for session in self.sessions() if not session.folder.exists()]

    @property
    def options(self) -> Options:
        """What makes its files what they are; by how many jobs they are written is not in it."""
        film = self.film
        return {
            "participants": self.participants,
            "seconds": self.seconds,
            "seed": self.seed,
            "coders": self.coders,
            "no-video": film is None,
            "size": f"{film.width}x{film.height}" if film else None,
            "rate": film.rate_hz if film else None,
            "codec": film.codec if film else None,
            "look": film.look if film else None,
            "broken": dict(self.broken),
            SOFTWARE: software(),
        }

    def bytes(self) -> int:
        """Estimate what it will take: rather more than less."""
        return self.participants * self._session_bytes

    @property
    def _session_bytes(self) -> int:
        per_s = sum(RATE_HZ * (_STAMP_BYTES + 4 * channels) for channels in CHANNELS.values())
        if (film := self.film) is not None:
            row = _STAMP_BYTES + 8 * len(INDEX_CHANNELS)
            per_s += film.rate_hz * (row + _SMALLER * film.width * film.height)
        per_s += self.coders * _CODED_BYTES
        return round(self.seconds * per_s + _SIDE_FILES)

    def bytes_to_come(self) -> int:
        """Estimate what the sessions that are not there yet will take."""
        return len(self.waiting()) * self._session_bytes


def check_order(order: StudyOrder) -> None:
    """Refuse what cannot be written, before anything is.

    Raises:
        ConfigError: a value is out of range, or names what there is not.
            The study exists already, begun with other options.
        RecordingError: its folder cannot be written to, or there is no room for it.
    """
    if not 1 <= order.participants <= _MAX_PARTICIPANTS:
        raise ConfigError(f"--participants {order.participants}: give 1 to {_MAX_PARTICIPANTS}")
    names.check_study(order.study)
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
    if not 0 <= order.coders <= MAX_CODERS:
        raise ConfigError(f"--coders {order.coders}: give 0 to {MAX_CODERS}")
    if order.coders and order.film is None:
        raise ConfigError(
            f"--coders {order.coders} --no-video: coders look at a video; leave out one of them"
        )
    check_options(order.folder, order.options)
    layout.prepare_data_dir(order.data_dir)
    free, needed = layout.free_bytes(order.data_dir), order.bytes_to_come()
    if needed > free:
        raise DiskFull(
            f"{order.data_dir}: {needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free; "
            "name another disk with --to, or take fewer --participants, fewer --seconds or "
            "--no-video"
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A session, or why it could not be written."""

    folder: Path
    error: str = ""


def _written(session: SessionOrder) -> Written:
    try:
        return Written(write_session(session))
    except RecordingError as error:
        return Written(session.folder, str(error))


SIMULATE: Final = Work("simulate", _written, SessionOrder, Written)


def write_study(order: StudyOrder, tell: Callable[[Path], None] = lambda folder: None) -> None:
    """Write the sessions that are not there yet; `tell` hears of each one's folder as it is done.

    Raises:
        ConfigError: the study was begun with other options, or another process writes it.
        RecordingError: a session cannot be written; those that were are whole.
    """
    engine: Engine = Here() if order.jobs <= 1 else Processes(order.jobs)
    with begun(order.folder, order.options):
        for session, outcome in engine.run(SIMULATE, order.waiting()):
            if isinstance(outcome, Lost):
                raise RecordingError(f"{session.folder.name}: {outcome.reason}")
            if outcome.error:
                raise RecordingError(outcome.error)
            tell(outcome.folder)
