"""Names that are let through, and those that are not."""

from __future__ import annotations

import pytest

from recordings import names
from recordings.errors import RecordingError


@pytest.mark.parametrize("name", ["con", "AUX", "nul.txt", "Com1", "lpt9", "con "])
def test_names_that_windows_keeps_for_itself(name: str) -> None:
    assert names.is_reserved(name)
    if name.isalnum():
        with pytest.raises(RecordingError, match="Windows keeps"):
            names.check_study(name)


@pytest.mark.parametrize("name", ["icon", "com", "com10", "lpt", "auxiliary", "sub-con"])
def test_names_that_only_look_like_it(name: str) -> None:
    assert not names.is_reserved(name)


@pytest.mark.parametrize("name", ["face.mkv", "face+2.nut", "eeg.copy.xdf", "a", "cam_1-b.raw"])
def test_a_file_of_a_session(name: str) -> None:
    assert names.check_file_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "a\\b",
        "/a",
        "a\0b",
        ".hidden",
        "con.nut",
        "a.",
        "ä",
        "x" * 129,
        "face.mkv/..",
        "C:a",
        "a b",
        "a\n",
    ],
)
def test_what_is_no_file_of_a_session(name: str) -> None:
    with pytest.raises(RecordingError, match="no file of a session is called so"):
        names.check_file_name(name)


def test_sessions_of_one_name_are_told_apart_by_what_differs() -> None:
    name = "sub-01_ses-01_task-rest_run-01"
    paths = {
        1: ("data", "a", "sub-01", "ses-01", name),
        2: ("data", "b", "sub-01", "ses-01", name),
        3: ("data", "b", "old", "sub-01", "ses-01", name),
        4: ("data", "b", "sub-02", "ses-01", "sub-02_ses-01_task-rest_run-01"),
        5: (name,),
    }
    assert names.told_apart(paths) == {
        1: f"a/{name}",
        2: f"b/{name}",
        3: f"old/{name}",
        4: "sub-02_ses-01_task-rest_run-01",
        5: name,
    }
    assert names.told_apart({}) == {}


def test_thousands_of_sessions_of_one_name_take_no_time() -> None:
    paths = {n: (f"{n}", "sub-01", "sub-01_run-01") for n in range(20_000)}
    assert names.told_apart(paths)[7] == "7/sub-01_run-01"
