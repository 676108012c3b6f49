"""Which of the sessions that were found are used: each recording once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.read.left_out import Recorded, same_recordings, why_left_out, why_not_twice
from recordings.read.sessions import told_apart


def usable(
    paths: Iterable[Path], named: Collection[Path] = ()
) -> tuple[tuple[Path, ...], list[tuple[Path, str]]]:
    """Tell sessions from those that are marked as not usable, being recorded, or there twice.

    Args:
        paths: what was found: sessions and files.
        named: what somebody has named one by one; it is used though it is there twice.

    Returns:
        Those that may be used, files and damaged ones included: whoever opens them says what is
        wrong with them. And the others, each with the reason.
    """
    found = tuple(paths)
    manifests = manifests_of(found)
    whys = {p: why_left_out(m.is_being_recorded, m.unusable) for p, m in manifests.items()}
    names = told_apart(found)
    twice = recorded_twice({path: m for path, m in manifests.items() if not whys[path]})
    for path in twice.keys() - set(named):
        whys[path] = why_not_twice(names[twice[path]])
    good = tuple(path for path in found if not whys.get(path))
    return good, [(path, whys[path]) for path in found if whys.get(path)]


def manifests_of(paths: Iterable[Path]) -> dict[Path, Manifest]:
    """Read the manifests of sessions; files and damaged ones have none."""
    return {path: manifest for path in paths if (manifest := _manifest(path)) is not None}


def recorded_twice(
    manifests: Mapping[Path, Manifest], *, whoever: bool = False
) -> dict[Path, Path]:
    """Return the sessions that another of them stands for, and that other.

    A copy with other labels goes elsewhere, and stands for itself; but not for `whoever` compares
    people.
    """
    recorded = []
    for path, manifest in manifests.items():
        one = Recorded.of(str(path), manifest, lacks=any(gone(path, manifest)))
        if not whoever:
            labels = (*one.whose, manifest.task, manifest.run)
            one = one._replace(content=f"{one.content} {labels}")
        recorded.append(one)
    return {Path(place): Path(other) for place, other in same_recordings(recorded).items()}


def gone(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name the files of a session that are not there."""
    for entry in manifest.files:
        if entry.path not in manifest.elsewhere and not (folder / entry.path).is_file():
            yield entry.path


def being_recorded(path: Path) -> bool:
    """Whether a session's files are still written to; what cannot be read is not."""
    manifest = _manifest(path)
    return manifest is not None and manifest.is_being_recorded


def _manifest(path: Path) -> Manifest | None:
    try:
        return Manifest.load(path) if path.is_dir() else None
    except RecordingError:
        return None
