"""A study of two sound sessions, made once for each file of tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recordings.read.sessions import session_folders
from tests.recordings.study.simulated_study import make_study


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("model"), 2)


@pytest.fixture
def root(model: Path, tmp_path: Path) -> Path:
    """One that a test may change."""
    return Path(shutil.copytree(model, tmp_path / "data" / "simulated"))


@pytest.fixture
def session(root: Path) -> Path:
    return session_folders(root)[0]
