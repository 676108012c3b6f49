"""Each stored frame is shown from the file that it is in, however its camera's files came about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.frame_files import files_of, is_in_file, runs_of
from recordings.manifest import Manifest, State
from recordings.read.session import open_session
from recordings.repair.session import repair_session
from recordings.video.trim import trimmed
from tests.recordings.strip_session import Film, Made, make_session, number_in


def shown(folder: Path) -> list[int]:
    """Give the numbers in all stored pictures; their times are those of the same numbers."""
    with open_session(folder) as session:
        camera = session.cameras["face"]
        numbers = [number_in(picture) for picture in map(camera.frame, range(len(camera)))]
        assert camera.device_frames.tolist() == numbers
    return [number - 1000 for number in numbers]


def cut_first(made: Made) -> None:
    """Let the first file have 20 frames, as if its encoder had been killed."""
    trimmed(made.folder / "face.nut", made.folder / "cut.nut", 20)
    (made.folder / "cut.nut").replace(made.folder / "face.nut")


def forget_files(made: Made) -> None:
    """Let the manifest know the first file alone, as while it is being recorded."""
    manifest = Manifest.load(made.folder)
    video = manifest.videos[0].model_copy(update={"parts": (), "frames": 0, "captured": 0})
    manifest.model_copy(update={"videos": (video,), "files": ()}).save(made.folder)


def without(name: str) -> Callable[[Made], None]:
    return lambda made: (made.folder / name).unlink()


def empty_first(made: Made) -> None:
    (made.folder / "face.nut").write_bytes(b"")


@pytest.mark.parametrize(
    ("index", "runs"),
    [
        ([0, 1, 2], [0, 0, 0]),
        ([0, 1, 0, 1], [0, 0, 1, 1]),
        ([0, 0, 1, 2], [0, 1, 1, 1]),
        ([0, 0], [0, 1]),
        ([], []),
        ([3, 4], [0, 0]),
    ],
)
def test_a_file_ends_where_the_index_begins_again(index: list[int], runs: list[int]) -> None:
    """A file of a single frame is one, too."""
    assert runs_of(np.array(index, np.int64)).tolist() == runs


@pytest.mark.parametrize(
    ("index", "frames", "files"),
    [
        ([0, 1, 0, 1, 0], [2], [0, 0, 1, 1, 2]),  # nobody has counted those that follow
        ([0, 0, 1], [0, 0, 2], [1, 2, 2]),  # of the two without a frame one has a row
    ],
)
def test_files_that_are_not_known_follow_and_those_without_rows_are_passed_over(
    index: list[int], frames: list[int], files: list[int]
) -> None:
    assert files_of(np.array(index, np.int64), frames).tolist() == files


@pytest.mark.parametrize("splits", [(1,), (30, 31), (30, 30), (30, 30, 30)])
def test_a_file_of_one_frame_and_one_of_none_shift_no_other(
    splits: tuple[int, ...], tmp_path: Path
) -> None:
    made = make_session(tmp_path, Film(frames=60, splits=splits), seconds=1.0)
    assert shown(made.folder) == list(range(60))


def test_what_an_encoder_lost_amid_the_recording_costs_no_frame_at_its_end(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=60, splits=(30,)), seconds=1.0)
    cut_first(made)
    manifest = Manifest.load(made.folder)
    video = manifest.videos[0].model_copy(update={"taken_back": 10, "frames": 50})
    manifest.model_copy(update={"videos": (video,)}).save(made.folder)
    assert shown(made.folder) == [*range(20), *range(30, 60)]


@pytest.mark.parametrize(
    ("splits", "steps", "left"),
    [
        ((30,), [cut_first], [*range(20), *range(30, 60)]),
        ((20, 40), [without("face.nut")], [*range(20, 60)]),
        ((20, 40), [without("face+2.nut")], [*range(20), *range(40, 60)]),
        ((20, 40), [forget_files, without("face+2.nut")], [*range(20), *range(40, 60)]),
        ((20, 40), [forget_files, empty_first], [*range(20, 60)]),
        (tuple(range(5, 60, 5)), [forget_files], [*range(60)]),
    ],
    ids=["cut", "first-gone", "second-gone", "unknown-gone", "empty", "more-than-nine"],
)
def test_a_repaired_session_shows_what_is_left_at_its_time(
    splits: tuple[int, ...], steps: list[Callable[[Made], None]], left: list[int], tmp_path: Path
) -> None:
    state = State.RECORDING if forget_files in steps else State.COMPLETE
    film = Film(frames=60, splits=splits)
    made = make_session(tmp_path / "data", film, seconds=1.0, state=state)
    for step in steps:
        step(made)
    repair_session(made.folder, tmp_path / "copy")
    assert shown(tmp_path / "copy") == left
    (video,) = Manifest.load(tmp_path / "copy").videos
    assert (video.frames, video.taken_back, video.untimed) == (len(left), 60 - len(left), 0)


# Of each file: frames that it holds, and frames that the encoder held when it died.
FILES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=8)


@given(FILES)
def test_the_file_of_each_row_is_found(files: list[tuple[int, int]]) -> None:
    # A file without a frame whose rows came is as one that never had any beside it.
    files = [(held, lost if held else 0) for held, lost in files]
    index = np.concatenate([np.arange(0), *(np.arange(held + lost) for held, lost in files)])
    truth = np.repeat(np.arange(len(files)), [held + lost for held, lost in files])
    frames = [held for held, _ in files]
    found = files_of(index, frames)
    assert found.tolist() == truth.tolist()
    there = [k < frames[file] for k, file in zip(index.tolist(), truth.tolist(), strict=True)]
    assert is_in_file(index, found, frames).tolist() == there
