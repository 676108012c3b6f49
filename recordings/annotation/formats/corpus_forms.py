"""What the coding tables of the corpora look like.

Columns are found by their names, wherever the header stands: SAMM has 13 lines of text above it,
SAMM Long Videos ten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from recordings.annotation.formats.coding_sheet import SUBJECTS
from recordings.annotation.model import Kind

FormName = Literal["casme2", "samm", "samm-lv", "casme3", "mmme", "megc"]
BASE: Final = 1
"""The number of the first frame, in all of them."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a corpus writes: columns by our field names, lines of text above, what unset marks are.

    `kind` is what events are where there is no column of it.
    """

    columns: Mapping[str, str]
    lines_above: int = 0
    unset: str = ""
    kind: Kind | None = None


def _columns(**names: str) -> dict[str, str]:
    return dict(names)


FORMS: Final[Mapping[FormName, Form]] = {
    "casme2": Form(
        _columns(
            subject="Subject", clip="Filename", gap1="", onset="OnsetFrame", apex="ApexFrame",
            offset="OffsetFrame", gap2="", units="Action Units", emotion="Estimated Emotion",
        ),
        unset="/",
        kind="micro",
    ),
    "samm": Form(
        _columns(
            subject="Subject", clip="Filename", code="Inducement Code", onset="Onset Frame",
            apex="Apex Frame", offset="Offset Frame", duration="Duration", kind="Micro",
            units="Action Units", emotion="Estimated Emotion", objective="Objective Classes",
            note="Notes",
        ),
        lines_above=13,
        unset="0",
        kind="micro",
    ),
    "samm-lv": Form(
        _columns(
            subject="Subject", clip="Filename", code="Inducement Code", onset="Onset",
            apex="Apex", offset="Offset", duration="Duration", kind="Type", units="Action Units",
            note="Notes",
        ),
        lines_above=10,
        unset="0",
    ),
    "casme3": Form(
        _columns(
            subject="Subject", clip="Filename", kind="Expression type", onset="Onset", apex="Apex",
            offset="Offset", units="AU", objective="Objective class", emotion="emotion",
        ),
        unset="0",
        kind="micro",
    ),
    "mmme": Form(
        _columns(
            subject="Subject", clip="Filename", marker="Marker", onset_s="OnsetTime",
            apex_s="ApexTime", offset_s="OffsetTime", onset="OnsetFrame", apex="ApexFrame",
            offset="OffsetFrame", units="Action Units", emotion="Estimated Emotion", kind="Type",
            coded="OffsetCoded", date="Date", dif="dif",
        ),
    ),
    "megc": Form(
        _columns(
            subject="subject", clip="video", onset="onset", apex="apex", offset="offset",
            kind="type", emotion="emotion",
        ),
        unset="0",
    ),
}  # fmt: skip

_ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(SUBJECTS, "subject"),
    "filename": "clip", "foldname": "clip", "video": "clip", "clip": "clip", "count": "clip",
    "inducementcode": "code", "marker": "marker", "code": "marker",
    "onset": "onset", "onsetframe": "onset", "onsetf": "onset",
    "apex": "apex", "apexframe": "apex", "apexf": "apex", "apexf1": "apex",
    "offset": "offset", "offsetframe": "offset", "offsetf": "offset",
    "onsettime": "onset_s", "apextime": "apex_s", "offsettime": "offset_s",
    "actionunits": "units", "actionunit": "units", "au": "units", "aus": "units",
    "estimatedemotion": "emotion", "emotion": "emotion",
    "type": "kind", "expressiontype": "kind", "micro": "kind", "offsetcoded": "coded",
    "notes": "note", "note": "note", "remarks": "note",
}  # fmt: skip


def field_of(cell: str) -> str:
    """Return our name of a column; its own where we have none."""
    name = re.sub(r"[^a-z0-9]", "", cell.casefold())
    return _ALIASES.get(name, cell.strip())
