"""An event, a place and progress in words, as the pane shows them."""

from __future__ import annotations

from gui.texts import tr
from recordings.annotation.action_units import format_units
from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.model import MARKS, Coding, Event, Mark

NONE = "–"


def mark_name(mark: Mark) -> str:
    """Return the word for a boundary."""
    return {"onset": tr("onset"), "apex": tr("apex"), "offset": tr("offset")}[mark]


def frame_text(event: Event, mark: Mark) -> str:
    """Return the stored frame of a boundary, or that there is none."""
    moment = event.marks.get(mark)
    if moment is not None:
        return f"{moment.frame:,}"
    return tr("not coded") if mark == "offset" and not event.offset_coded else NONE


def row_text(event: Event, odd: bool) -> str:
    """Return an event as a row of the list; `odd`: there is a warning about it."""
    frames = " · ".join(frame_text(event, mark) for mark in MARKS)
    parts = [frames, kind_text(event), format_units(event.units), event.emotion]
    return "   ".join(filter(None, (*parts, "▲" if odd else "")))


def kind_text(event: Event) -> str:
    """Return micro or macro, "" for neither."""
    return {"micro": tr("micro"), "macro": tr("macro"), None: ""}[event.kind]


def length_text(event: Event) -> str:
    """Return how long an event is, by the stamps of its frames."""
    if event.onset is None or event.offset is None:
        return NONE
    length = 1e3 * (event.offset.time - event.onset.time)
    frames = event.offset.frame - event.onset.frame + 1
    return tr("{} ms, {} frames").format(f"{length:,.1f}", f"{frames:,}")


def fields(event: Event) -> list[tuple[str, str]]:
    """Return what an event says, each field with its name."""
    marks = [(mark_name(mark), frame_text(event, mark)) for mark in MARKS]
    sure = NONE if event.confidence is None else f"{event.confidence} / 5"
    return [
        *marks,
        (tr("duration"), length_text(event)),
        (tr("type"), kind_text(event) or NONE),
        (tr("action units"), format_units(event.units) or NONE),
        (tr("emotion"), event.emotion or NONE),
        (tr("confidence"), sure),
        (tr("note"), event.note or NONE),
    ]


def progress_text(progress: Ratio) -> str:
    """Return how much was looked at."""
    share = 100 * (progress.value or 0.0)
    return tr("looked at: {} % of {} frames").format(f"{share:.1f}", f"{progress.of:,.0f}")


def place_text(coding: Coding, camera: str, frame: int | None, trial: int | None) -> str:
    """Return what is marked at a stored frame; None = the cursor is on none."""
    if frame is None:
        return tr("no stored frame here")
    parts = [tr("frame {}").format(f"{frame:,}")]
    if trial is not None:
        parts.append(tr("trial {}").format(trial))

    def here(first: int, last: int, of: str) -> bool:
        return of == camera and first <= frame <= last

    seen = any(here(s.first, s.last, s.camera) for s in coding.looked.values())
    parts.append(tr("looked at") if seen else tr("not looked at"))
    hidden = [s.reason for s in coding.not_codable.values() if here(s.first, s.last, s.camera)]
    parts += [tr("not codable: {}").format(", ".join(sorted(set(hidden))))] if hidden else []
    return "   ".join(parts)
