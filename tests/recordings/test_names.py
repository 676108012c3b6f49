"""Names that are let through, and those that are not."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    ("what", "value", "reason"),
    [
        ("task", "", "task '' is empty: use only letters A-Z, a-z and digits, at most 64"),
        ("task", "a" * 65, f"task '{'a' * 65}' has 65 characters: use only"),
        ("task", "a b!a", "task 'a b!a' has ' ' '!' in it: use only"),
        ("participant", "Anna-1", "a participant is named by a pseudonym such as 01"),
    ],
)
def test_what_is_wrong_with_a_label_is_said(what: str, value: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=re.escape(reason)) as error:
        names.check_label(what, value)
    assert ("pseudonym" in str(error.value)) == (what == "participant")
    assert names.check_label(what, "a" * 64) == "a" * 64


def test_a_study_may_have_hyphens_and_is_no_participant() -> None:
    assert [names.is_study(name) for name in ("my_study-2", "-a", "con")] == [True, False, False]


def test_streams_are_called_by_no_more_than_tells_them_apart() -> None:
    streams = [("Muse", "EEG", 1), ("Muse", "EEG", 2), ("Muse", "PPG", 3), ("Polar", "ECG", 4)]
    assert names.shown_names(streams) == ["Muse (EEG) #1", "Muse (EEG) #2", "Muse (PPG)", "Polar"]
    for shown, stream in zip(names.shown_names(streams), streams, strict=True):
        assert [one for one in streams if names.is_named(shown, *one)] == [stream]


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
