"""Which sessions there are in a folder: the one walk of all who look for some.

What may hold sessions and cannot be looked into (it may not be read, its disk is away, it is a
link to itself) is found like a session: whoever opens it says what is wrong with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recordings import layout, names
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME

_OWN: Final = ("sub-", "ses-")
"""What folders of participants, sessions and runs begin with."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The names of what is in a folder."""

    path: str
    folders: tuple[str, ...]  # linked ones, too
    links: frozenset[str]  # which of them are linked
    files: tuple[str, ...]  # whatever is no folder
    nowhere: frozenset[str]  # links that lead nowhere, or where nobody may look

    @property
    def linked(self) -> Iterator[str]:
        """The links to folders, and those that may have been."""
        yield from self.links
        yield from self.nowhere


Read = Callable[[str], Folder]
Into = Callable[[Folder, int], Iterable[str]]
"""Names what of a folder, so many levels below the first, is to be gone into."""


def read_folder(path: str) -> Folder:
    """List a folder.

    Raises:
        OSError: it cannot be read.
    """
    folders: list[str] = []
    links: list[str] = []
    files: list[str] = []
    nowhere: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.is_symlink():
                (folders if entry.is_dir() else files).append(entry.name)
            elif os.path.isdir(entry.path):  # noqa: PTH112 - there may be thousands
                folders.append(entry.name)
                links.append(entry.name)
            else:
                there = os.path.exists(entry.path)  # noqa: PTH110
                (files if there else nowhere).append(entry.name)
    return Folder(path, tuple(folders), frozenset(links), tuple(files), frozenset(nowhere))


def everything(folder: Folder, depth: int) -> Iterable[str]:
    """Go into all folders; by a link into those of a study, not to a backup or to a home."""
    straight = (name for name in folder.folders if name not in folder.links)
    return (*straight, *(name for name in folder.linked if name.startswith(_OWN)))


def walk(
    root: Path,
    shut: list[Path],
    into: Into = everything,
    read: Read = read_folder,
    *,
    once: bool = True,
) -> Iterator[tuple[Folder, int]]:
    """Give each folder from a first one on, and how far below that it is; linked ones last.

    `shut`: where goes what cannot be looked into. `once`: no folder twice, by whichever ways; who
    goes into all folders asks for it, for links may lead in circles.
    """
    seen: set[tuple[int, int]] = set()
    linked = [(str(root), 0)]
    while linked:
        inside = [linked.pop(0)]
        while inside:
            path, depth = inside.pop()
            try:
                folder = read(path)
                status = os.stat(path) if once else None  # noqa: PTH116 - as above
            except OSError as error:
                if not isinstance(error, FileNotFoundError) or os.path.islink(path):  # noqa: PTH114
                    shut.append(Path(path))
                continue  # or somebody has moved it away
            if status is not None:
                if (key := (status.st_dev, status.st_ino)) in seen:
                    continue
                seen.add(key)
            yield folder, depth
            for name in into(folder, depth):
                inner = f"{path}{os.sep}{name}"
                if name in folder.nowhere:
                    shut.append(Path(inner))
                else:
                    (linked if name in folder.links else inside).append((inner, depth + 1))


def _may_hold(name: str, beside: Iterable[str]) -> bool:
    """Whether what cannot be looked into may hold sessions, by its name and what lies beside it.

    That is a part of a study, or a study in a data folder: beside participants none is.
    """
    if name.startswith(_OWN):
        return True
    return names.is_study(name) and not any(other.startswith(_OWN) for other in beside)


def session_folders(root: Path) -> list[Path]:
    """List the session folders of a study's folder or of a data folder, by name.

    A session is what is called so, whatever is in it.
    """
    return [Path(place) for place in session_places(root)]


def session_places(root: Path, read: Read = read_folder) -> list[str]:
    """List them as text, for there may be thousands."""
    shut: list[Path] = []
    found: list[str] = []
    for folder, depth in walk(root, shut, _levels, read, once=False):
        if depth > 1 and _name(folder.path).startswith("ses-"):
            found += (f"{folder.path}{os.sep}{n}" for n in folder.folders if is_run(n))
    return sorted([*found, *map(str, of_study(shut, root))])


def study_places(root: Path) -> list[str]:
    """List the sessions of a study's folder or of a data folder, as text, wherever they lie in it.

    Beside what is called so (`session_places`), whatever has a manifest: folders are renamed by
    hand, and put away in others. Not what an export has made, in `exports`.
    """
    shut: list[Path] = []
    found: list[str] = []
    for folder, _ in walk(root, shut, _of_study):
        if MANIFEST_NAME in (*folder.files, *folder.nowhere):
            found.append(folder.path)
        elif _name(folder.path).startswith("ses-"):
            found += (f"{folder.path}{os.sep}{n}" for n in folder.folders if is_run(n))
    return sorted([*found, *map(str, of_study(shut, root))])


def _of_study(folder: Folder, depth: int) -> Iterator[str]:
    """Go into all folders but sessions: those that are called so need not be read."""
    if MANIFEST_NAME in (*folder.files, *folder.nowhere):
        return
    is_place = _name(folder.path).startswith("ses-")
    for name in (*folder.folders, *folder.nowhere):
        followed = depth == 0 or name not in folder.links or name.startswith(_OWN)
        known = is_place and is_run(name) and name not in folder.nowhere
        if followed and not known and not name.startswith(".") and name != "exports":
            yield name


def _levels(folder: Folder, depth: int) -> list[str]:
    """Go from a data folder into studies, participants, sessions; no further."""
    name = _name(folder.path)
    if depth and name.startswith("ses-"):
        return [inside for inside in folder.nowhere if is_run(inside)]
    inside = (*folder.folders, *folder.nowhere)
    if depth == 0:
        return [n for n in inside if not n.startswith((".", "ses-")) and not is_run(n)]
    level = "ses-" if name.startswith("sub-") else "sub-"
    return [n for n in inside if n.startswith(level) and not is_run(n)]


def _name(path: str) -> str:
    return path.rpartition(os.sep)[2]


def is_run(name: str) -> bool:
    """Whether a folder is called as a session's is."""
    return name.startswith("sub-") and "_run-" in name


def of_study(shut: Iterable[Path], root: Path) -> Iterator[Path]:
    """Leave out what is no study's: `lost+found`, say."""
    for path in shut:
        beside = os.listdir(root) if path.parent == root else _OWN  # noqa: PTH208 - names
        if path == root or _may_hold(path.name, beside):
            yield path


def find_sessions(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the sessions that paths name: sessions, XDF files, or folders with either in them.

    Where a folder has sessions in it, bare files beside them are left out.

    Raises:
        RecordingError: a path is none of these.
    """
    found: list[Path] = []
    for path in paths:
        if _is_one(path):
            found.append(path)
            continue
        inside, bare = _inside(path)
        inside = inside or bare
        if not inside:
            raise RecordingError(f"{path}: no session, and no folder with sessions or XDF files")
        found += inside
    return tuple(dict.fromkeys(found))


def holds_sessions(path: Path) -> bool:
    """Whether this is a folder with sessions or XDF files in it, or one not to be looked into."""
    return not _is_one(path) and any(_inside(path))


def _is_one(path: Path) -> bool:
    """Whether this is a session, or a file; never an error, as of a `Path` without permission."""
    return os.path.isfile(path) or os.path.lexists(path / MANIFEST_NAME)  # noqa: PTH113


def told_apart(sessions: Iterable[Path]) -> dict[Path, str]:
    """Call sessions by their folder; by as much of the path as tells two of one name apart."""
    return names.told_apart({session: session.resolve().parts for session in sessions})


def is_session(folder: Folder) -> bool:
    """Whether a folder is a session: what has a manifest, of whatever kind, or has lost it."""
    inside = (*folder.folders, *folder.files, *folder.nowhere)
    return MANIFEST_NAME in inside or (is_run(Path(folder.path).name) and layout.XDF_NAME in inside)


def _inside(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the sessions below a folder, and its XDF files."""
    sessions: list[Path] = []
    bare: list[Path] = []
    shut: list[Path] = []
    for folder, _ in walk(path, shut, _above_sessions):
        if is_session(folder):
            sessions.append(Path(folder.path))
        xdf = (name for name in folder.files if name.casefold().endswith(".xdf"))
        bare += (Path(folder.path, name) for name in xdf)
    sessions += of_study(shut, path)
    return sorted(sessions), sorted(file for file in bare if file.is_file())


def _above_sessions(folder: Folder, depth: int) -> Iterable[str]:
    if is_session(folder):
        return ()
    studies = (name for name in folder.nowhere if depth == 0 and not name.startswith(_OWN))
    return (*everything(folder, depth), *studies)
