"""Options and arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where sessions go; overrides the rig file.")
]
RigFile = Annotated[Path, typer.Argument(metavar="RIG.toml", help="The rig file.")]
