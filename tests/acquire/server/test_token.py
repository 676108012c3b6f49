"""The token's file: who else may read it, and what is none."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from acquire.errors import ConfigError
from acquire.server.token import VARIABLE, read_token, seen_by_others

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o400, False), (0o644, True)])
def test_a_token_that_others_may_read_is_told(tmp_path: Path, mode: int, told: bool) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(mode)
    assert (seen_by_others(file) is not None) == told


def test_a_token_of_a_pipe(tmp_path: Path) -> None:
    """As a shell gives it: `--token-file <(pass show unisono)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{TOKEN}\n",))
    writer.start()
    assert read_token(pipe) == TOKEN
    writer.join()
    assert seen_by_others(pipe) is None


def test_an_endless_file_is_no_token() -> None:
    with pytest.raises(ConfigError, match="holds no token"):
        read_token(Path("/dev/zero"))


def test_where_the_token_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_token(None) is None
    monkeypatch.setenv(VARIABLE, "")
    assert read_token(None) is None
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert read_token(None) == TOKEN
    file = tmp_path / "empty"
    file.touch()
    with pytest.raises(ConfigError, match="holds no token"):
        read_token(file)  # who names a file means it, whatever the environment has
