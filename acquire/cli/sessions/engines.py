"""`--jobs`, `--dask`, `--slurm-script`: who does the work of a command on many sessions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from acquire.errors import ConfigError

if TYPE_CHECKING:
    from recordings.engines.work import Engine

_SCRIPT: Final = "--slurm-script"


@dataclass(frozen=True, slots=True)
class Workers:
    """What a command line says of who does the work."""

    jobs: Annotated[
        int, typer.Option(help="Sessions at a time; 0 = what cores and memory allow.")
    ] = 0
    dask: Annotated[
        str, typer.Option(metavar="local|ADDRESS", help="On a dask cluster; local makes one here.")
    ] = ""
    slurm_script: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Do nothing now: write a script that gives Slurm the work."
        ),
    ] = None
    collect: Annotated[Path | None, typer.Option(hidden=True)] = None

    @property
    def is_plain(self) -> bool:
        """Whether processes of this computer do it."""
        return not self.dask and self.slurm_script is None and self.collect is None

    def engine(self, jobs: int) -> Engine:
        """Return who does it; `jobs` where the command line leaves it open.

        Raises:
            ConfigError: the options contradict each other.
        """
        from recordings.engines import local, slurm

        if self.dask and self.slurm_script is not None:
            raise ConfigError(f"--dask and {_SCRIPT} both say who works; leave out one of them")
        if self.collect is not None:
            return slurm.Collected(self.collect)
        if self.slurm_script is not None:
            return slurm.ArrayScript(self.slurm_script, _program(), _collecting(self.slurm_script))
        if self.dask:
            from recordings.engines.cluster import Cluster

            return Cluster(self.dask, self.jobs or jobs)
        return local.Processes(self.jobs or jobs)

    def tell(self) -> None:
        """Say how a script that was written is used."""
        script = self.slurm_script
        if script is None:
            return
        if script.exists():
            log = script.absolute().with_name(script.name + ".array") / "collected.txt"
            typer.echo(f"{script}: run it where sbatch is; in the end {log} says what came")
        else:
            typer.echo("nothing is left to be done: no script was written")


def _program() -> tuple[str, ...]:
    from acquire.own_program import command

    return tuple(command("acquire"))


def _collecting(script: Path) -> tuple[str, ...]:
    """Return this command line with `--collect` in place of the script."""
    from recordings.engines.slurm import array_folder

    words = sys.argv[1:]
    at = next(n for n, word in enumerate(words) if word.startswith(_SCRIPT))
    gone = 1 if words[at].startswith(f"{_SCRIPT}=") else 2
    return (*words[:at], "--collect", str(array_folder(script)), *words[at + gone :])
