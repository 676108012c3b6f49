"""A study as a map-style dataset: `len`, and windows by number, read when they are asked for.

    study = load_study("data/mmme", windows="trial", signals={"eeg": 250, "eda": 32},
                       labels="stimulus")
    study[0]["eeg"], study[0]["eeg_mask"], study[0]["eeg_times"], study[0]["label"]

Nothing is filled in: what is unknown is NaN, and its mask is False.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from recordings.dataset import forms
from recordings.dataset.labels import Labels, labels_for
from recordings.dataset.opened import Opened
from recordings.dataset.places import Channels, Found, Place, find_places
from recordings.dataset.signals import Reader, Wanted
from recordings.dataset.splits import Split, alike, splits
from recordings.errors import RecordingError, few
from recordings.features.task import Settings
from recordings.features.windows import Kind
from recordings.read.sessions import study_places

Item = dict[str, Any]


class Study:
    """Windows of all sessions. Not for several threads at once; each process opens its own.

    `left_out` has the sessions that could not be taken, each with why.
    """

    def __init__(
        self,
        places: tuple[Place, ...],
        signals: Mapping[str, Wanted],
        left_out: tuple[tuple[Path, str], ...] = (),
        opened: Opened | None = None,
    ) -> None:
        self.places, self.signals, self.left_out = places, dict(signals), left_out
        self._opened = opened or Opened(signals)
        self._shown: Channels = {}

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        people = len(set(self.participants))
        return f"<Study: {len(self)} windows of {people} participants, {', '.join(self.signals)}>"

    @property
    def participants(self) -> list[str]:
        """The pseudonym of each window."""
        return [place.participant for place in self.places]

    @property
    def labels(self) -> list[Any]:
        """The label of each window."""
        return [place.label for place in self.places]

    def __getitem__(self, number: int) -> Item:
        """Return a window: of each signal `name`, `name_mask` and `name_times`; and what it is.

        Raises:
            IndexError: there is no such window.
            RecordingError: it cannot be read, or its channels are not those of other sessions.
        """
        place = self.places[number]
        item: Item = {}
        for name, reader in self._readers(place.session).items():
            cut = reader.read(place.window)
            item |= {name: cut.values, f"{name}_mask": cut.mask, f"{name}_times": cut.times}
        about = {"label": place.label, "participant": place.participant, "key": place.key}
        return item | about

    def __iter__(self) -> Iterator[Item]:
        return (self[number] for number in range(len(self)))

    def channels(self, name: str) -> tuple[str, ...]:
        """Return the labels of a signal's channels; they are the same in all sessions."""
        return self._readers(self.places[0].session)[name].labels

    def _readers(self, path: Path) -> dict[str, Reader]:
        found = self._opened.readers(path)
        self._compare(path, found)
        return found

    def _compare(self, path: Path, found: Mapping[str, Reader]) -> None:
        for name, reader in found.items():
            known = self._shown.setdefault(name, reader.shown)
            if known != reader.shown:
                raise RecordingError(
                    f"{path.name}: {name} has the channels {few(reader.shown, 8)}, other "
                    f"sessions have {few(known, 8)}; name a signal that all have alike"
                )

    def splits(self, kind: str, folds: int = 5, seed: int = 0) -> Iterator[Split]:
        """Yield windows that train and windows that test; see `recordings.dataset.splits`."""
        return splits(kind, self.participants, folds, seed)

    def to_numpy(self) -> dict[str, Any]:
        """Return all windows as arrays, the first axis theirs; the shorter padded, masks False."""
        return forms.to_numpy(self)

    def to_xarray(self) -> Any:
        """Return all windows as an `xarray.Dataset`."""
        return forms.to_xarray(self)

    def to_torch(self) -> Any:
        """Return a map-style dataset of PyTorch's tensors; for `DataLoader(…, collate_fn=…)`,
        its `collate` pads.
        """  # fmt: skip
        from recordings.dataset.tensors import to_torch

        return to_torch(self)

    def to_npz(self, folder: str | Path) -> list[Path]:
        """Write a file `<key>.npz` a window."""
        from recordings.dataset.files import to_npz

        return to_npz(self, Path(folder))

    def to_zarr(self, path: str | Path) -> None:
        """Write a Zarr group with an array a signal, window by window."""
        from recordings.dataset.files import to_zarr

        to_zarr(self, Path(path))

    def to_webdataset(self, folder: str | Path, per_shard: int = 1000) -> list[Path]:
        """Write tar shards with `<key>.<signal>.npy` and `<key>.json`."""
        from recordings.dataset.files import to_webdataset

        return to_webdataset(self, Path(folder), per_shard)

    def close(self) -> None:
        """Let go of the files; what is read later opens them again."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def load_study(
    folder: str | Path,
    *,
    windows: Kind = "sliding",
    signals: Mapping[str, Wanted],
    labels: str | Labels | None = None,
    length_s: float = 2.0,
    step_s: float = 0.0,
    before_s: float = 2.0,
    after_s: float = 8.0,
    coder: str = "consensus",
    annotations: str | Path | None = None,
) -> Study:
    """Find the windows of a study; no sample and no picture is read yet.

    Args:
        folder: a study's folder, or a data folder.
        windows: `sliding`, `trial` or `event`; see docs/features.md.
        signals: see `recordings.dataset.signals.readers`.
        labels: see `recordings.dataset.labels.labels_for`; or a function that, given an open
            session, returns one that gives the label of a window, None to leave it out.
        length_s: of sliding windows; `step_s` from one to the next (0 = the length).
        step_s: see `length_s`.
        before_s: where windows of events begin, before the onset, seconds; `after_s`: where they
            end.
        after_s: see `before_s`.
        coder: whose events.
        annotations: where coders' files lie, if not in the sessions.

    Raises:
        RecordingError: there is no window at all, or a setting makes no sense. Sessions that cannot
            be taken, whose channels are not those that most sessions have, or that another session
            is a copy of, are left out with a warning, and listed in `Study.left_out`.
    """
    try:
        elsewhere = Path(annotations) if annotations is not None else None
        settings = Settings(
            windows, length_s, step_s, before_s, after_s, events_of=coder, annotations=elsewhere
        )
    except ValueError as error:
        raise RecordingError(str(error)) from error
    flows = [name for name, wanted in signals.items() if str(wanted).startswith("flow")]
    if flows and windows != "event":
        raise RecordingError(f"{flows[0]}: flow is of events; ask for windows='event'")
    make = labels_for(labels, coder, elsewhere) if isinstance(labels, str) else labels
    opened = Opened(signals)
    try:
        sessions = [Path(place) for place in study_places(Path(folder))]
        found = find_places(opened, sessions, settings, make)
        told = _left_out(found)
        if not found.places:
            told = told or ("no session holds one" if sessions else "name a folder with sessions")
            raise RecordingError(f"{folder}: no window in it; {told}")
        for text in filter(None, (told, *_oddities(found))):
            warnings.warn(text, stacklevel=2)
    except BaseException:
        opened.close()
        raise
    return Study(tuple(found.places), signals, tuple(found.left_out), opened)


def _left_out(found: Found) -> str:
    if not (out := found.left_out):
        return ""
    return f"{len(out)} sessions left out, the first {out[0][0].name}: {out[0][1]}"


def _oddities(found: Found) -> Iterator[str]:
    if damaged := found.damaged:
        told = f"{len(damaged)} sessions are damaged, or their check has failed"
        yield f"{told}, the first {damaged[0]}"
    if notes := found.notes:
        yield f"{len(notes)} trials or events are odd, the first {notes[0]}"
    for names in alike(place.participant for place in found.places):
        told = f"participants {' and '.join(names)} are taken for {len(names)} people"
        yield f"{told}: if they are one, a split leaks; name them alike"
