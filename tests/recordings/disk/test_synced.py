"""Folders that a cloud's program copies are known by their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.disk.synced import synced_by, warning


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("/home/a/OneDrive - Universität/data", "OneDrive"),
        ("/Users/a/OneDrive/study", "OneDrive"),
        ("/Users/a/Library/Mobile Documents/com~apple~CloudDocs/x", "iCloud"),
        ("/Users/a/Library/CloudStorage/GoogleDrive-a@b.c/x", "a cloud's program"),
        ("/home/a/Dropbox (Lab)/x", "Dropbox"),
        ("/home/a/unisono", None),
        ("/home/a/onedrives/x", None),
        ("/home/a/my Dropbox notes", None),
    ],
)
def test_by_its_name(path: str, program: str | None) -> None:
    assert synced_by(Path(path), {}) == program


def test_by_what_onedrive_says_of_itself(tmp_path: Path) -> None:
    there = {"OneDriveCommercial": str(tmp_path / "cloud"), "OneDrive": ""}
    assert synced_by(tmp_path / "cloud" / "data", there) == "OneDrive"
    assert synced_by(tmp_path / "clouds", there) is None


def test_the_warning_names_folder_and_remedy(tmp_path: Path) -> None:
    assert warning(tmp_path / "data") is None
    text = warning(tmp_path / "Dropbox" / "data")
    assert text is not None
    assert str(tmp_path / "Dropbox" / "data") in text
    assert "outside of it" in text
