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
