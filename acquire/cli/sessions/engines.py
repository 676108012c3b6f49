"""`--jobs`, `--dask`, `--slurm-script`: who does the work of a command on many sessions."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from acquire.errors import ConfigError

if TYPE_CHECKING:
    from recordings.engines.work import Engine

Jobs = Annotated[int, typer.Option(help="Sessions at a time; 0 = what cores and memory allow.")]
Dask = Annotated[
    str,
    typer.Option(metavar="local|ADDRESS", help="On a dask cluster; local makes one here."),
]
Slurm = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Do nothing now: write a script that gives Slurm the work."),
]
Collect = Annotated[Path | None, typer.Option(hidden=True)]

_OPTIONS: Final[dict[str, tuple[Any, Any]]] = {
    "jobs": (Jobs, 0),
    "dask": (Dask, ""),
    "slurm_script": (Slurm, None),
    "collect": (Collect, None),
}
_SCRIPT: Final = "--slurm-script"


@dataclass(frozen=True, slots=True)
class Workers:
    """What a command line says of who does the work."""

    jobs: int = 0
    dask: str = ""
    script: Path | None = None
    collected: Path | None = None

    @property
    def is_plain(self) -> bool:
        """Whether processes of this computer do it."""
        return not self.dask and self.script is None and self.collected is None

    def engine(self, jobs: int) -> Engine:
        """Return who does it; `jobs` where the command line leaves it open.

        Raises:
            ConfigError: the options contradict each other.
        """
        from recordings.engines import local, slurm

        if self.dask and self.script is not None:
            raise ConfigError(f"--dask and {_SCRIPT} both say who works; leave out one of them")
        if self.collected is not None:
            return slurm.Collected(self.collected)
        if self.script is not None:
            return slurm.ArrayScript(self.script, _program(), _collecting(self.script))
        if self.dask:
            from recordings.engines.cluster import Cluster

            return Cluster(self.dask, self.jobs or jobs)
        return local.Processes(self.jobs or jobs)

    def tell(self) -> None:
        """Say how a script that was written is used."""
        if self.script is None:
            return
        if self.script.exists():
            log = self.script.absolute().with_name(self.script.name + ".array") / "collected.txt"
            typer.echo(f"{self.script}: run it where sbatch is; in the end {log} says what came")
        else:
            typer.echo("nothing is left to be done: no script was written")


def with_workers(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--jobs`, `--dask` and `--slurm-script`; it takes them as `workers`."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "workers"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        workers = Workers(*(given.pop(name) for name in _OPTIONS))
        command(**given, workers=workers)

    run.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*own, *added)}
    return run


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
