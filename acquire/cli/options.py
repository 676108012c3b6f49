"""Options and arguments that several commands take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where sessions go; overrides the rig file.")
]
RigFile = Annotated[Path, typer.Argument(metavar="RIG.toml", help="The rig file.")]
RigIfAny = Annotated[Path | None, typer.Argument(metavar="RIG.toml", help="The rig file, if any.")]
Idle = Annotated[
    bool, typer.Option("--idle", help="Only with what others leave of the processor and the disk.")
]
Camera = Annotated[str, typer.Option(help="Which one; the first by default.")]
OnlyThese = Annotated[list[str] | None, typer.Option(help="Only these; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, as the last line.")]
Annotations = Annotated[
    Path | None,
    typer.Option(
        "--annotations", metavar="DIR", help="Where coders' files lie, if not in the sessions."
    ),
]


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """What a session is called, as far as it is said."""

    study: Annotated[str | None, typer.Option(help="The study's name.")] = None
    participant: Annotated[str | None, typer.Option(help="A pseudonym, without sub-.")] = None
    session: Annotated[str | None, typer.Option(help="The session's label.")] = None
    task: Annotated[str | None, typer.Option(help="The task's label.")] = None

    def given(self) -> dict[str, str]:
        """Give those that are said."""
        return {key: value for key, value in asdict(self).items() if value is not None}
