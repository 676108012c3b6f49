"""Files that people write: as editors save them, and never written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquire.errors import ConfigError
from acquire.node.pairing.known import KnownNode
from acquire.node.pairing.pair import add_to_rig
from acquire.rig.file import load_rig
from acquire.rig.templates import new_rig
from acquire.text_files import toml_of

RIG = '[rig]\nname = "Prüfstand"\n'


def test_a_rig_file_as_editors_save_it(tmp_path: Path) -> None:
    """A byte order mark, as Notepad writes it, was "not TOML" at line 1, column 1."""
    path = tmp_path / "rig.toml"
    path.write_text(RIG, encoding="utf-8-sig")
    assert load_rig(path).text == RIG
    node = KnownNode(name="cam-pc", address="10.0.0.2", fingerprint="ab" * 32, token="t")
    add_to_rig(node, path)
    assert [node.name for node in load_rig(path).nodes] == ["cam-pc"]
    path.write_text(RIG, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"is not UTF-8 \(byte 0xfc at \d+\); save it as UTF-8"):
        load_rig(path)
    with pytest.raises(ConfigError, match="unisono rig new"):
        load_rig(tmp_path / "none.toml")


@pytest.mark.parametrize("path", [r"C:\clips\a.mp4", r"d:\Users\a.mp4"])
def test_a_path_of_windows_has_its_remedy(path: str) -> None:
    """TOML takes its backslashes for the begin of something else, and said so in its own words."""
    with pytest.raises(ConfigError, match=r"line 2, column \d+\); write C:/clips for C:\\clips"):
        toml_of(f'a = 1\nfile = "{path}"', "p.toml")
    assert toml_of(f"file = '{path}'", "p.toml") == {"file": path}
    with pytest.raises(ConfigError, match=r"end of document\)$"):
        toml_of("a = [", "p.toml")


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    new_rig(path)
    before = path.read_bytes()
    assert b"\r" not in before
    with pytest.raises(ConfigError, match="exists already; name another file"):
        new_rig(path)
    assert path.read_bytes() == before
    with pytest.raises(ConfigError, match="its folder is not there"):
        new_rig(tmp_path / "no" / "rig.toml")
