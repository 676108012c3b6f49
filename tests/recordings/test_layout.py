from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recordings import layout
from recordings.errors import RecordingError


def test_folder_of_a_session(tmp_path: Path) -> None:
    folder = layout.session_folder(tmp_path, "micro-2", "01", "01", "elicitation", 1)
    name = "sub-01_ses-01_task-elicitation_run-01"
    assert folder == tmp_path / "micro-2" / "sub-01" / "ses-01" / name
    assert not folder.exists()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("../x", r"has '\.' '/' in it"),
        ("anna maria", "has ' ' in it"),
        ("", "is empty"),
        ("é", "has 'é' in it"),
        ("01\n", "in it"),
        ("a" * 65, "has 65 characters"),
    ],
)
def test_labels_are_refused_with_the_reason(tmp_path: Path, value: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        layout.new_session_folder(tmp_path, "study", value, "01", "test")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("study", ["..", "-a", "a/b", ".hidden", "a b"])
def test_study_cannot_leave_the_data_folder(study: str) -> None:
    with pytest.raises(RecordingError, match="study"):
        layout.session_folder(Path("data"), study, "01", "01", "test", 1)


def test_runs_count_up_and_are_never_reused(tmp_path: Path) -> None:
    args = (tmp_path / "new" / "data", "study", "01", "01", "test")
    first, run = layout.new_session_folder(*args)
    assert run == 1
    (first.parent / "sub-01_ses-01_task-test_run-07_old").mkdir()
    (first.parent / "sub-01_ses-01_task-other_run-50").mkdir()
    folder, run = layout.new_session_folder(*args)
    assert run == 8
    assert folder.name == "sub-01_ses-01_task-test_run-08"
    assert folder.is_dir()
    first.rmdir()
    assert layout.new_session_folder(*args)[1] == 9


def test_two_programs_never_get_one_number(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(layout.new_session_folder, tmp_path, "study", "01", "01", "test")
            for _ in range(40)
        ]
    assert sorted(job.result()[1] for job in jobs) == list(range(1, 41))


def test_a_file_in_place_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for place in ("data", "data/deeper"):
        with pytest.raises(RecordingError, match="there is a file where"):
            layout.prepare_data_dir(tmp_path / place)


def test_a_read_only_data_folder_is_found_even_by_root(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a read-only tmpfs cannot be mounted here: needs root on Linux")
    try:
        with pytest.raises(RecordingError, match="cannot be written to"):
            layout.prepare_data_dir(folder)
        with pytest.raises(RecordingError, match="cannot be made"):
            layout.prepare_data_dir(folder / "new")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_free_bytes_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert layout.free_bytes(tmp_path / "a" / "b") > 0


@pytest.mark.parametrize(
    ("known", "after"),
    [([], "01"), (["01", "02"], "03"), (["9"], "10"), (["099"], "100"), (["pre", "post"], "01")],
)
def test_the_next_label_follows_the_highest_number(known: list[str], after: str) -> None:
    assert layout.next_label(known) == after


def test_the_sessions_of_a_study_are_listed_by_participant(tmp_path: Path) -> None:
    for participant, session in (("02", "01"), ("01", "02"), ("01", "01")):
        layout.new_session_folder(tmp_path, "study", participant, session, "rest")
    assert layout.sessions_of(tmp_path, "study") == {"01": ["01", "02"], "02": ["01"]}
    assert layout.sessions_of(tmp_path, "other") == {}


def test_a_path_that_leaves_the_files_no_room() -> None:
    long = Path("/", "x" * 200)
    layout.check_length(long, None)
    layout.check_length(Path("/data/study"), layout.MAX_PATH)
    with pytest.raises(RecordingError, match="259"):
        layout.check_length(long, layout.MAX_PATH)
    assert layout.longest_path() is None or layout.longest_path() == layout.MAX_PATH


def test_copies_are_found_by_name(tmp_path: Path) -> None:
    names = [layout.copy_name("eeg"), layout.copy_name("face"), layout.copy_name("face", 1)]
    assert names == ["eeg.copy.xdf", "face.copy.xdf", "face+1.copy.xdf"]
    for name in (*names, "recording.xdf", "face.copy.xdf.part"):
        (tmp_path / name).touch()
    assert {path.name for path in layout.copies_in(tmp_path)} == set(names)
