"""The stimulus files of a protocol: are they there, whole and playable?

Everything is looked at before the start, so that nothing fails in front of the participant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acquire.errors import ConfigError
from acquire.protocol.model import Protocol, Stimulus
from acquire.protocol.plan import Plan
from acquire.protocol.stand_ins import make_once, stand_in_path
from recordings.disk.hashing import sha256_of
from recordings.names import at_home

if TYPE_CHECKING:
    from av.container import InputContainer

VARIES = 0.1
"""A clip whose frames are further apart or closer than this part of their mean has no one rate."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a stimulus file holds."""

    path: Path
    width: int
    height: int
    frames: int
    duration_s: float
    rate_hz: float  # 0: a still picture
    varies: bool  # no one frame rate
    sound: bool


def stimulus_path(protocol: Protocol, stimulus: Stimulus) -> Path:
    """Say where a stimulus lies; a stand-in lies in the user's cache."""
    if stimulus.file is not None:
        return protocol.folder / at_home(stimulus.file)
    return stand_in_path(stimulus)


def prepare_stimuli(
    protocol: Protocol, plan: Plan, *, drawn: bool, tell: Callable[[str], None] = lambda text: None
) -> dict[str, MediaInfo]:
    """Check every stimulus of a plan and make the stand-ins that are missing; gives what they are.

    Stand-ins are made and looked at only where something is `drawn`. `tell` hears what is odd but
    can be played.

    Raises:
        ConfigError: files are missing, are not those that the protocol names, or cannot be
            decoded: all of them are named.
    """
    pages = [page for trial in plan.trials for page in trial.pages]
    stills = {page.stimulus.name for page in pages if page.stimulus and page.kind == "image"}
    infos, refused = {}, []
    for path, stimulus in _shown(protocol, plan):
        if stimulus.file is None:
            if not drawn:
                continue
            make_once(path, stimulus)
        try:
            _check_readable(path, stimulus)
            _check_hash(path, stimulus)
            info = probe_media(path, still=stimulus.name in stills)
        except ConfigError as error:
            refused.append(str(error))
            continue
        infos[stimulus.name] = info
        for note in _oddities(info):
            tell(f"stimulus {stimulus.name!r}: {note}")
    _refuse(refused)
    return infos


def require_files(protocol: Protocol, plan: Plan) -> None:
    """See that every file of a plan is there, without a look into it.

    Raises:
        ConfigError: some are not there or cannot be read: all of them are named.
    """
    refused = []
    for path, stimulus in _shown(protocol, plan):
        try:
            if stimulus.file is not None:
                _check_readable(path, stimulus)
        except ConfigError as error:
            refused.append(str(error))
    _refuse(refused)


def _shown(protocol: Protocol, plan: Plan) -> Iterator[tuple[Path, Stimulus]]:
    shown = set(plan.stimuli)
    return ((stimulus_path(protocol, s), s) for s in protocol.file.stimulus if s in shown)


def _refuse(reasons: Sequence[str]) -> None:
    if len(reasons) > 1:
        said = "; ".join(f"({number}) {one}" for number, one in enumerate(reasons, 1))
        raise ConfigError(f"{len(reasons)} stimuli cannot be shown: {said}")
    if reasons:
        raise ConfigError(reasons[0])


def _check_readable(path: Path, stimulus: Stimulus) -> None:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is not there; copy it there, or correct `file`"
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is a folder; name a file in it"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} cannot be read ({error.strerror}); "
            "check its permissions"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: no file can be called {str(path)!r} ({error}); correct "
            "`file`"
        ) from error


def _check_hash(path: Path, stimulus: Stimulus) -> None:
    if stimulus.sha256 is None:
        return
    found = sha256_of(path)
    if found != stimulus.sha256:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: {path} is another file than the protocol's: SHA-256 "
            f"{found[:12]}…, expected {stimulus.sha256[:12]}…; bring the right one"
        )


def _oddities(info: MediaInfo) -> Iterator[str]:
    if info.varies:
        yield (
            "its frames do not come at one rate; each is shown when it is due, but convert it: "
            f"ffmpeg -i {info.path.name} -vsync cfr …"
        )
    if info.rate_hz and (info.width % 2 or info.height % 2):
        yield f"odd size {info.width}x{info.height}: its chroma is a half pixel off at one edge"


def probe_media(path: Path, *, still: bool = False) -> MediaInfo:
    """Open a file, list its frames and decode the first and the last.

    Raises:
        ConfigError: it cannot be decoded.
    """
    import av

    try:
        with av.open(str(path)) as container:
            return _probe(container, path, still=still)
    except (av.FFmpegError, OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{path}: cannot be decoded ({said}); copy it again, or convert it to H.264 in MP4"
        ) from error


def _probe(container: InputContainer, path: Path, *, still: bool) -> MediaInfo:
    if not container.streams.video:
        raise ConfigError(f"{path}: holds no picture; give a video or an image")
    video = container.streams.video[0]
    first = next(container.decode(video), None)
    if first is None:
        raise ConfigError(f"{path}: not one frame can be decoded; copy it again")
    sound = bool(container.streams.audio)
    size = (first.width, first.height)
    if still:
        return MediaInfo(path, *size, 1, 0.0, 0.0, varies=False, sound=False)
    container.seek(0)
    base = video.time_base or Fraction(1, 1)
    pts = np.array(sorted(p.pts for p in container.demux(video) if p.pts is not None), np.float64)
    if len(pts) < 2:
        raise ConfigError(f"{path}: one frame only; show it in a step of kind = 'image'")
    steps = np.diff(pts) * float(base)
    mean = float(steps.mean())
    container.seek(int(pts[-1]), stream=video)
    last = max((f.pts for f in container.decode(video) if f.pts is not None), default=None)
    if last is None or last < pts[-1]:
        reached = (last or 0) * float(base)
        raise ConfigError(
            f"{path}: cannot be decoded beyond {reached:.1f} s; copy it again, or convert it"
        )
    return MediaInfo(
        path,
        *size,
        len(pts),
        float(pts[-1] - pts[0]) * float(base) + mean,
        1.0 / mean,
        varies=bool(np.abs(steps / mean - 1.0).max() > VARIES),
        sound=sound,
    )
