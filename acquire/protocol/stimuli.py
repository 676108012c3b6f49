"""The stimulus files of a protocol: are they there, whole and playable; and stand-ins for them.

Everything is looked at before the start, so that nothing fails in front of the participant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from platformdirs import user_cache_path

from acquire.errors import ConfigError
from acquire.protocol.model import Protocol, StandIn, Stimulus
from acquire.protocol.order import make_random
from acquire.protocol.plan import Plan
from devices.arrays import U8Array
from recordings.disk.atomic import put_in_place
from recordings.disk.hashing import sha256_of
from recordings.names import at_home

if TYPE_CHECKING:
    import av
    from av.container import InputContainer, OutputContainer

SOUND_HZ = 48_000
SOUND_BLOCK = 1024
LOOP_S = 4.0
"""A stand-in repeats itself after this long."""
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
    spec = cast(StandIn, stimulus.generate).model_dump()
    key = json.dumps([2, stimulus.name, spec])
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return user_cache_path("unisono") / "stand-ins" / f"{stimulus.name}-{digest}.mp4"


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
    stills = {p.stimulus.name for t in plan.trials for p in t.pages if p.stimulus and _still(p)}
    infos, refused = {}, []
    shown = set(plan.stimuli)
    for stimulus in (s for s in protocol.file.stimulus if s in shown):
        path = stimulus_path(protocol, stimulus)
        if stimulus.file is None:
            if not drawn:
                continue
            _make_once(path, stimulus)
        try:
            _check_hash(path, stimulus)
            info = probe_media(path, still=stimulus.name in stills)
        except ConfigError as error:
            refused.append(str(error))
            continue
        infos[stimulus.name] = info
        for note in _oddities(info):
            tell(f"stimulus {stimulus.name!r}: {note}")
    if len(refused) > 1:
        said = "; ".join(f"({number}) {one}" for number, one in enumerate(refused, 1))
        raise ConfigError(f"{len(refused)} stimuli cannot be shown: {said}")
    if refused:
        raise ConfigError(refused[0])
    return infos


def _still(page: object) -> bool:
    return getattr(page, "kind", "") == "image"


def _check_hash(path: Path, stimulus: Stimulus) -> None:
    try:
        path.open("rb").close()
        if stimulus.sha256 is None:
            return
        found = sha256_of(path)
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


# Stand-ins.


def _make_once(path: Path, stimulus: Stimulus) -> None:
    if path.exists():
        return
    assert stimulus.generate is not None
    unfinished = path.with_name(f".{path.name}.{id(path):x}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_stand_in(unfinished, stimulus.name, stimulus.generate)
        put_in_place(unfinished, path)
    except OSError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: its stand-in cannot be made at {path.parent} "
            f"({error.strerror}); free space or check the permissions"
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def make_stand_in(path: Path, name: str, spec: StandIn) -> None:
    """Write a clip: a drifting pattern in colours of its own, with a soft tone.

    The first seconds are encoded, and repeated as they are: an hour of clips takes seconds.
    """
    import av

    rng = make_random(name)
    wheel = [rng.random() for _ in range(4)]
    rate = Fraction(spec.rate_hz).limit_denominator(1001)
    frames = max(2, round(spec.duration_s * spec.rate_hz))
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height = spec.width // 2 * 2, spec.height // 2 * 2
        video.pix_fmt = "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "28", "tune": "zerolatency"}
        sound = container.add_stream("aac", rate=SOUND_HZ) if spec.sound else None
        unique = min(frames, max(2, round(LOOP_S * spec.rate_hz)))
        packets: list[av.Packet[Any]] = []
        for index in range(unique):
            picture = _pattern(video.width, video.height, index / unique, wheel)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, 1 / rate
            packets += video.encode(frame)
        packets += video.encode()
        repeat_packets(container, video, packets, frames, Fraction(unique) / rate)
        if sound is not None:
            tone = _tone(sound, 220.0 * 2 ** wheel[0])
            blocks = int(spec.duration_s * SOUND_HZ / SOUND_BLOCK)
            repeat_packets(
                container, sound, tone, blocks, Fraction(len(tone) * SOUND_BLOCK, SOUND_HZ)
            )


def repeat_packets(
    container: OutputContainer,
    stream: av.VideoStream | av.AudioStream,
    packets: list[av.Packet[Any]],
    wanted: int,
    length_s: Fraction,
) -> None:
    """Write `wanted` packets, the given ones over and over, each round `length_s` later."""
    import av

    for number in range(wanted):
        turn, place = divmod(number, len(packets))
        source = packets[place]
        assert source.pts is not None
        assert source.dts is not None
        packet = av.Packet(bytes(source))
        shift = round(turn * length_s / source.time_base)
        packet.pts, packet.dts = source.pts + shift, source.dts + shift
        packet.time_base, packet.stream = source.time_base, stream
        packet.is_keyframe = source.is_keyframe
        container.mux(packet)


def _pattern(width: int, height: int, turn: float, wheel: list[float]) -> U8Array:
    """Return a yuv420p picture, shape (height * 3 // 2, width); after turn 1 comes turn 0 again."""
    x = np.arange(width) / width
    y = np.arange(height) / height
    angle = 2 * np.pi * turn
    across = np.sin(2 * np.pi * x * (1 + 2 * wheel[0]) - angle)
    down = np.sin(2 * np.pi * y * (1 + 2 * wheel[1]) + angle)
    luma = 110 + 45 * across[None, :] * down[:, None]
    spot_x, spot_y = 0.5 + 0.3 * np.sin(angle), 0.5 + 0.3 * np.cos(angle)
    near = np.hypot((x[None, :] - spot_x) * width / height, y[:, None] - spot_y) < 0.08
    luma[near] = 215
    picture = np.empty((height * 3 // 2, width), np.uint8)
    picture[:height] = luma
    chroma = picture[height:].reshape(2, -1)
    chroma[0], chroma[1] = 88 + 80 * wheel[2], 88 + 80 * wheel[3]
    return picture


def _tone(stream: av.AudioStream, pitch_hz: float) -> list[av.Packet[Any]]:
    """Encode some seconds of a tone."""
    import av

    packets: list[av.Packet[Any]] = []
    for first in range(0, int(LOOP_S * SOUND_HZ), SOUND_BLOCK):
        time = np.arange(first, first + SOUND_BLOCK) / SOUND_HZ
        wave = (0.05 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, first
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return packets
