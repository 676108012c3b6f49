"""One lab for all that is tried of the pages: it is copied, or only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handbook.lab import Lab, furnish


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lab]:
    """The folder, and where things are in it."""
    folder = tmp_path_factory.mktemp("lab")
    return folder, furnish(folder)
