"""A Slurm array: a script to be run where `sbatch` is, one task an item, and a step that collects.

Nothing is kept in memory between the steps: a folder beside the script holds the items as JSON, and
each task leaves its result there. Untried on a cluster.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from recordings.disk.atomic import replace_file
from recordings.engines.work import ONE_THREAD, Lost, R, T, Work
from recordings.errors import RecordingError

ITEMS_NAME: Final = "items.json"
_FORMAT: Final = "unisono-array"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class ArrayScript:
    """Writes the script, and yields nothing: others do the work, later.

    `program` starts this program, `collect` is the command line that collects.
    """

    script: Path
    program: tuple[str, ...]
    collect: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where items and results lie."""
        return array_folder(self.script)

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """Write script and items; see `Engine`.

        Raises:
            RecordingError: they cannot be written, or another script is there.
        """
        if not items:
            return iter(())
        rows = TypeAdapter(list[Any]).dump_python(
            [TypeAdapter(work.item).dump_python(item, mode="json") for item in items]
        )
        content = {"format": _FORMAT, "version": _VERSION, "work": work.name, "items": rows}
        try:
            self.folder.mkdir(parents=True)
            (self.folder / "logs").mkdir()
            replace_file(self.folder / ITEMS_NAME, json.dumps(content, indent=1).encode())
            replace_file(self.script, self._text(len(items)).encode())
            self.script.chmod(0o755)
        except FileExistsError:
            raise RecordingError(
                f"{self.folder}: exists already, with another array's results; name another script "
                "or delete it"
            ) from None
        except OSError as error:
            raise RecordingError(
                f"{self.script}: cannot be written ({error.strerror}); name another file"
            ) from error
        return iter(())

    def _text(self, count: int) -> str:
        folder = shlex.quote(str(self.folder))
        task = shlex.join([*self.program, "study", "work", str(self.folder)])
        collect = shlex.join([*self.program, *self.collect])
        threads = " ".join(f"{name}={value}" for name, value in ONE_THREAD.items())
        return f"""#!/bin/sh
# Written by unisono, untried on a cluster: sh {shlex.quote(self.script.name)}, where sbatch is.
# Options for sbatch (account, partition, time, memory) may be given: sh SCRIPT --time=1:00:00
set -eu
cd {shlex.quote(str(Path.cwd()))}
export {threads}
job=$(sbatch --parsable --job-name=unisono --array=0-{count - 1} --cpus-per-task=1 \\
  --output={folder}/logs/%a.txt "$@" --wrap '{_in_quotes(task)} "$SLURM_ARRAY_TASK_ID"')
# Whatever became of the tasks: what has no result is reported as failed.
sbatch --job-name=unisono-collect --dependency="afterany:${{job%%;*}}" \\
  --output={folder}/collected.txt --wrap '{_in_quotes(collect)}'
"""


def _in_quotes(text: str) -> str:
    """Return text that stands between single quotes of a shell."""
    return text.replace("'", "'\\''")


def array_folder(script: Path) -> Path:
    """Return the folder that belongs to a script."""
    return script.absolute().with_name(script.name + ".array")


def do_item(folder: Path, number: int, works: Mapping[str, Work[Any, Any]]) -> None:
    """Do item `number` of an array, and leave its result in the folder.

    Raises:
        RecordingError: there is no such item, or the result cannot be written.
    """
    try:
        content = json.loads((folder / ITEMS_NAME).read_text(encoding="utf-8"))
        work = works[content["work"]]
        item = TypeAdapter(work.item).validate_python(content["items"][number])
    except (OSError, ValueError, KeyError, IndexError, TypeError, ValidationError) as error:
        raise RecordingError(
            f"{folder}: has no item {number} that this program can do ({error}); write the script "
            "again"
        ) from error
    result = TypeAdapter(work.result).dump_json(work.function(item))
    try:
        replace_file(folder / _row_name(work, item), result)
    except OSError as error:
        raise RecordingError(
            f"{folder}: the result of item {number} cannot be written ({error.strerror})"
        ) from error


def _row_name(work: Work[T, Any], item: T) -> str:
    text = TypeAdapter(work.item).dump_json(item)
    return f"{work.name}-{hashlib.sha256(text).hexdigest()[:24]}.json"


@dataclass(frozen=True, slots=True)
class Collected:
    """Yields what the tasks of an array have left in its folder."""

    folder: Path

    def run(self, work: Work[T, R], items: Sequence[T]) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`."""
        for item in items:
            path = self.folder / _row_name(work, item)
            try:
                yield item, TypeAdapter(work.result).validate_json(path.read_bytes())
            except (OSError, ValidationError):
                yield (
                    item,
                    Lost(
                        "its job left no result: ended from outside, perhaps for want of memory or "
                        f"time; see the logs in {self.folder / 'logs'}"
                    ),
                )
