"""A file that is cut off while it is read is an error that names it; a mapped one was a SIGBUS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recordings.cut_while_read import CASES

SAID = {
    "brain_vision": "x.eeg: was moved or changed while it was read",
    "video_of_libav": "frame 15 cannot be decoded",
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_an_error_that_names_the_file(case: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.recordings.cut_while_read", case, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr or f"ended by signal {-done.returncode}"
    assert str(tmp_path) in done.stdout
    assert SAID.get(case, "was cut off while it was read: it had ") in done.stdout
