"""`unisono export clips`: pieces of video around trials or events, whole, as frames, or as pairs.

`clips.csv` has a row a piece: times, frames, codes, box; `frames.csv` a row a frame. With a coding
sheet also `intervals.csv` (onset, apex, offset frame: what spotting challenges take) and
`clips.jsonl`, one object a piece with the images, action units and emotion: what models that read
an onset and an apex image of one size take, and, uncropped, those that start from the raw frame.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.annotation.frame_times import GAP_S
from recordings.errors import RecordingError
from recordings.export.coded import events_of, of_others
from recordings.export.excerpts import Piece, around_events, clips_of, coded_events, pieces_of
from recordings.export.records import session_name
from recordings.export.video import Form, to_rgb, write_frames
from recordings.read.camera import Camera
from recordings.read.session import Session, camera_of
from recordings.video.face_box import Box, can_find_faces, crop, steady_box
from recordings.video.pixel_formats import Picture

_LOOKS: Final = 5  # pictures in which the face is looked for
_LOSSLESS: Final = Form("matroska", "ffv1", gray="gray", colour="bgr0", ticks_s=1000)


@dataclass(frozen=True, slots=True)
class Settings:
    """`around`: `trial` or an event; `events`: a coding sheet instead; `box` overrides `crop`.

    `annotations` is where coders' files lie, if not in the session.
    """

    around: str = "trial"
    codes: tuple[int, ...] = ()
    events: Path | None = None
    before_s: float = 0.0
    after_s: float = 0.0
    form: Literal["clip", "frames", "pair"] = "clip"
    crop: Literal["full", "face"] = "full"
    camera: str = ""
    box: Box | None = None
    coder: str = ""  # take this coder's events, or the consensus, instead
    annotations: Path | None = None


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the pieces of one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: there is no camera, no such event, or the coding sheet cannot be read.
    """
    camera = choose_camera(session, settings.camera)
    pieces, notes = _pieces(session, camera, settings)
    if settings.codes:
        pieces = [piece for piece in pieces if piece.code in settings.codes]
    out = folder / session_name(session.path)
    out.mkdir(parents=True)
    rows, frames = [], []
    trigger = camera.column("trigger_code")
    for piece in pieces:
        chosen = _frames_between(camera, piece)
        if not chosen:
            notes.append(f"{piece.name}: no frame of {camera.name} between its times")
            continue
        notes += _far(camera, piece)
        box = _box(camera, chosen, settings, piece.name, notes)
        images = _write(camera, chosen, piece, box, out, settings.form)
        rows.append(_row(session, camera, piece, chosen, box, images))
        frames += list(_frame_rows(camera, piece, chosen, trigger))
    _write_csv(out / "clips.csv", rows)
    _write_csv(out / "frames.csv", frames)
    if settings.events is not None or settings.coder:
        _write_coded(out, rows)
    return [*notes, *([] if rows else ["no piece to export"])]


def choose_camera(session: Session, name: str) -> Camera:
    """Return the camera of that name, or the first.

    Raises:
        RecordingError: there is none.
    """
    wanted = name or next(iter(session.cameras), "")
    if not wanted:
        raise RecordingError(f"{session.path}: no camera in this session")
    return camera_of(session, wanted)


def _pieces(session: Session, camera: Camera, settings: Settings) -> tuple[list[Piece], list[str]]:
    before, after = settings.before_s, settings.after_s
    if settings.coder:
        events, notes = events_of(session, camera, settings.coder, settings.annotations)
        notes += of_others(session, [camera.name], settings.coder, settings.annotations)
        return pieces_of(session, events, before, after), notes
    if settings.events is not None:
        return coded_events(session, settings.events, before, after)
    if settings.around == "trial":
        return [_wider(piece, before, after) for piece in clips_of(session)], []
    return around_events(session, settings.around, before, after), []


def _wider(piece: Piece, before_s: float, after_s: float) -> Piece:
    marks = {"onset": piece.start, "offset": piece.end}
    return replace(piece, start=piece.start - before_s, end=piece.end + after_s, marks=marks)


def _frames_between(camera: Camera, piece: Piece) -> range:
    times = camera.times
    first, last = (int(n) for n in np.searchsorted(times, [piece.start, piece.end], "left"))
    if last == first and len(times):  # an instant: the frame nearest to it
        nearest = camera.number_at(piece.start)
        near = abs(float(times[nearest]) - piece.start) < 1.0
        return range(nearest, nearest + near)
    if piece.event == "expression" and first < len(times):
        # A sheet's times are rounded: the frame of the onset may be a little before its onset.
        first = min(first, *map(camera.number_at, piece.marks.values()))
    return range(first, min(last + 1, len(times)))


def _far(camera: Camera, piece: Piece) -> Iterator[str]:
    """Say which marks lie in a gap of the camera: the frame that is given for them is another's."""
    for mark, time in piece.marks.items():
        apart = abs(float(camera.times[camera.number_at(time)]) - time)
        if apart > GAP_S:
            yield f"{piece.name}: its {mark} is {apart:.2f} s from the nearest frame"


def _box(
    camera: Camera, frames: range, settings: Settings, name: str, notes: list[str]
) -> Box | None:
    if settings.box is not None or settings.crop == "full":
        return settings.box
    chosen = np.unique(np.linspace(frames.start, frames.stop - 1, _LOOKS).astype(int)).tolist()
    images = [picture_of(camera, k) for k in chosen]
    if images[0].ndim == 2 and not can_find_faces():
        raise RecordingError(
            f"camera {camera.name!r} is gray: a face in it is found by scikit-image, which is not "
            "installed; pip install 'unisono[face]', or give its place with "
            "--box LEFT,TOP,WIDTH,HEIGHT"
        )
    box = steady_box(images)
    if box is None:
        notes.append(f"{name}: no face found; the whole picture is taken")
    return box


def picture_of(camera: Camera, k: int) -> Picture:
    """Return frame k in 8 bits, gray or RGB."""
    return to_rgb(camera.frame(k), camera.entry.pixel_format)


def _write(
    camera: Camera, frames: range, piece: Piece, box: Box | None, out: Path, form: str
) -> dict[str, str]:
    """Write a piece in the form that was asked for; return the names of what was written."""
    if form == "clip":
        name = f"{piece.name}.mkv"
        write_lossless(camera, frames, box, out / name)
        return {"video": name}
    if form == "frames":
        (out / piece.name).mkdir()
        for k in frames:
            image = crop(picture_of(camera, k), box)
            write_image(out / piece.name / f"{k - frames.start:06d}.png", image)
        return {"video": piece.name}
    images = {}
    marks = dict(piece.marks) or {"onset": piece.start}
    marks.setdefault("apex", marks.get("offset", piece.end))
    for mark in ("onset", "apex"):
        name = f"{piece.name}_{mark}.png"
        write_image(out / name, crop(picture_of(camera, camera.number_at(marks[mark])), box))
        images[mark] = name
    return images


def write_image(path: Path, image: Picture) -> None:
    """Write a picture, gray or RGB, losslessly.

    Raises:
        RecordingError: the disk or the format refuses.
    """
    import cv2

    turned = image if image.ndim == 2 else image[:, :, ::-1]
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(turned))
    if not done:
        raise RecordingError(f"{path}: cannot be written as {path.suffix}")
    path.write_bytes(data.tobytes())


def write_lossless(camera: Camera, frames: range, box: Box | None, path: Path) -> None:
    """Write frames as FFV1 in Matroska, gray or RGB, each at its own time in ms."""
    write_frames(camera, frames, lambda image: crop(image, box), path, _LOSSLESS)


def _row(
    session: Session,
    camera: Camera,
    piece: Piece,
    frames: range,
    box: Box | None,
    images: Mapping[str, str],
) -> dict[str, object]:
    marks = {
        # A trial begins between two frames, the nearer of which may be the one before it.
        f"{mark}_frame": max(camera.number_at(piece.marks[mark]) - frames.start, 0)
        if mark in piece.marks
        else None
        for mark in ("onset", "apex", "offset")
    }
    manifest = session.manifest
    return {
        "clip": piece.name,
        "participant": manifest.participant if manifest else None,
        "session": session_name(session.path),
        "camera": camera.name,
        "stimulus": piece.stimulus,
        "trial": piece.trial,
        "event": piece.event,
        "code": piece.code,
        "start_s": f"{float(camera.times[frames.start]) - session.start:.6f}",
        "end_s": f"{float(camera.times[frames.stop - 1]) - session.start:.6f}",
        "rate_hz": camera.entry.rate_hz,
        "first_frame": frames.start,
        "frames": len(frames),
        **marks,
        "box": ",".join(map(str, box)) if box else None,
        "video": images.get("video"),
        "onset_image": images.get("onset"),
        "apex_image": images.get("apex"),
        "action_units": piece.coding.get("Action Units"),
        "emotion": piece.coding.get("Estimated Emotion"),
        "type": piece.coding.get("Type"),
    }


def _frame_rows(
    camera: Camera, piece: Piece, frames: range, trigger: np.ndarray[Any, Any]
) -> Iterable[dict[str, object]]:
    for k in frames:
        code = float(trigger[k])
        yield {
            "clip": piece.name,
            "frame": k - frames.start,
            "camera_frame": k,
            "device_frame": int(camera.device_frames[k]),
            "time_s": f"{float(camera.times[k]) - piece.start:.6f}",
            "code": None if code != code else int(code),
        }


def _write_csv(path: Path, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _write_coded(out: Path, rows: list[dict[str, object]]) -> None:
    """Write the forms that models and challenges take."""
    names = ("clip", "onset_frame", "apex_frame", "offset_frame", "type", "emotion")
    _write_csv(out / "intervals.csv", [{name: row[name] for name in names} for row in rows])
    with (out / "clips.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n")
