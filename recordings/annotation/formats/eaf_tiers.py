"""The tiers of an ELAN file: annotations of one coder, with their times."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

import defusedxml.ElementTree

from recordings.errors import RecordingError

_LAYER: Final = re.compile(r"(.+) (\d+)")
TIERS: Final = ("expression", "frames", "apex")
_UNITS: Final = re.compile(r"AUs?(?![a-z])", re.IGNORECASE)
"""What a tier of action units begins with; not `Audio`."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An annotation: its tier without coder and layer, its layer (1, 2…), ms, and its value."""

    tier: str
    layer: int
    begin: int
    end: int
    value: str


def parsed(path: Path) -> ET.Element:
    """Read an ELAN file.

    Raises:
        RecordingError: it is none.
    """
    try:
        root: ET.Element = defusedxml.ElementTree.fromstring(path.read_bytes())
    except (OSError, ET.ParseError, ValueError) as error:  # defusedxml's are ValueErrors
        raise RecordingError(f"{path}: cannot be read as an ELAN file ({error})") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise RecordingError(f"{path}: is no ELAN file: it begins with <{root.tag[:40]}>")
    return root


def video_name(address: str) -> str:
    """Return what a video is called, without folder and suffix."""
    return PurePosixPath(unquote(address).replace("\\", "/")).stem


def intervals_of(path: Path, root: ET.Element, coder: str, faults: list[str]) -> list[Interval]:
    """Return the annotations of a coder and those of nobody; `faults` names what is left out.

    Raises:
        RecordingError: a time is none, or several annotated it, none of them the coder.
    """
    try:
        slots = {
            slot.get("TIME_SLOT_ID", ""): int(slot.get("TIME_VALUE", ""))
            for slot in root.iter("TIME_SLOT")
            if slot.get("TIME_VALUE")
        }
    except ValueError as error:
        raise RecordingError(f"{path}: cannot be read as an ELAN file ({error})") from error
    for media in root.iter("MEDIA_DESCRIPTOR"):
        origin = media.get("TIME_ORIGIN", "0")
        if re.fullmatch(r"-?0*[1-9][0-9]*", origin):
            faults.append(shifted(media.get("MEDIA_URL", ""), f"{origin} ms"))
    return [i for tier in _own(path, root, coder, faults) for i in _tier(tier, slots, faults)]


def _own(path: Path, root: ET.Element, coder: str, faults: list[str]) -> list[ET.Element]:
    """Return the tiers of a coder, and those of nobody; all, where one person annotated it.

    Raises:
        RecordingError: several did, none of them the coder.
    """
    tiers = list(root.iter("TIER"))
    read = [t.get("ANNOTATOR", "").strip() for t in tiers if _is_read(_name(t)[0])]
    others = sorted({name for name in read if name.casefold() not in ("", coder.casefold())})
    if len(set(filter(None, read))) < 2:
        return tiers
    if coder.casefold() not in (name.casefold() for name in read if name):
        listed = ", ".join(map(repr, others))
        raise RecordingError(
            f"{path}: was annotated by {listed}; import it --as one of them, or make them one "
            "in ELAN (Change Tier Attributes, Annotator)"
        )
    faults += [f"the tiers of {name!r} are another coder's; left out" for name in others]
    return [tier for tier in tiers if tier.get("ANNOTATOR", "").strip() not in others]


def shifted(video: str, by: str) -> str:
    """Say that another program plays a video later or earlier than its times are."""
    return f"{video or 'a video'} is shifted by {by} there; times were read as if it were not"


def _tier(tier: ET.Element, slots: dict[str, int], faults: list[str]) -> Iterator[Interval]:
    """Yield the intervals of a tier; what is none, or of no tier that we know, is told."""
    id_ = tier.get("TIER_ID", "")
    name, layer = _name(tier)
    own = list(tier.iter("ALIGNABLE_ANNOTATION"))
    others = sum(1 for _ in tier.iter("REF_ANNOTATION"))
    if others:
        faults.append(f"tier {id_}: {others} annotations hang on others, without a time; left out")
    if not _is_read(name):
        if own:
            faults.append(
                f"tier {id_}: {len(own)} annotations; only {', '.join(TIERS)} and AU… are read"
            )
        return
    for found in own:
        value = (found.findtext("ANNOTATION_VALUE") or "").strip()
        begin, end = (slots.get(found.get(f"TIME_SLOT_REF{n}", "")) for n in (1, 2))
        if begin is None or end is None:
            which = found.get("ANNOTATION_ID", "")
            faults.append(f"tier {id_}, {which} {value[:40]!r}: has no time of its own; left out")
        else:
            yield Interval(name, layer, begin, end, value)


def _is_read(name: str) -> bool:
    return name in TIERS or _UNITS.match(name) is not None


def _name(tier: ET.Element) -> tuple[str, int]:
    """Return a tier's name without its coder, and its layer."""
    id_, annotator = tier.get("TIER_ID", ""), tier.get("ANNOTATOR", "")
    own = id_.removeprefix(f"{annotator} ") if annotator else id_
    match = _LAYER.fullmatch(own)
    if match is None or match[1].upper() == "AU":
        return own, 1
    return match[1], int(match[2])
