"""The catalogue between several programs: made at once, locked, of another version."""

from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from pathlib import Path

import platformdirs
import pytest

from recordings.errors import RecordingError
from recordings.study import ledger as ledgers
from recordings.study import ledger_place
from recordings.study.ledger import Failure, Ledger

KEY = ("sub-01", "csv", "/to")
FAILED = Failure("of this", "why")


def base_of(root: Path) -> Path:
    return root / ".unisono" / "catalogue.sqlite"


def test_two_that_make_a_catalogue_at_once_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    class Late(sqlite3.Connection):
        """Another program is quicker."""

        def executescript(self, script: str) -> sqlite3.Cursor:
            with contextlib.closing(connect(base_of(tmp_path))) as other:
                other.executescript(script)
                other.execute("INSERT INTO session VALUES ('theirs', 'stamp', 'facts')")
                other.commit()
            return super().executescript(script)

    monkeypatch.setattr(sqlite3, "connect", partial(connect, factory=Late))
    with Ledger(tmp_path) as ledger:
        assert ledger.sessions() == {"theirs": ("stamp", "facts")}


def test_one_that_another_keeps_locked_is_neither_deleted_nor_made_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "_BUSY_S", 0.1)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    root = tmp_path / "study"
    root.mkdir()
    with Ledger(root) as ledger:
        ledger.note(*KEY, FAILED)
    with contextlib.closing(sqlite3.connect(base_of(root))) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordingError, match="another program writes to it"):
            Ledger(root)
    assert not (tmp_path / "cache").exists()
    with Ledger(root) as ledger:
        assert ledger.failures() == {KEY: FAILED}


def test_who_begins_to_write_keeps_others_from_it_before_anything_is_read(tmp_path: Path) -> None:
    """Of two that have both read, one could not go on to write."""
    with (
        Ledger(tmp_path) as ledger,
        contextlib.closing(sqlite3.connect(base_of(tmp_path), timeout=0)) as other,
    ):
        with ledger._writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def test_what_fails_amid_leaves_nothing_and_ends(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        with contextlib.suppress(ZeroDivisionError), ledger._writing():
            ledger._base.execute("INSERT INTO session VALUES ('half', 'stamp', 'facts')")
            raise ZeroDivisionError
        ledger.note(*KEY, FAILED)
        assert (ledger.sessions(), ledger.failures()) == ({}, {KEY: FAILED})


def test_a_study_has_one_place_in_the_cache_by_whichever_way_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(ledger_place, "_can_lock", lambda folder: False)
    (tmp_path / "study").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "study")
    with Ledger(tmp_path / "study") as one, Ledger(tmp_path / "link") as other:
        assert one.folder == other.folder


def test_one_of_another_version_is_made_anew(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.note(*KEY, FAILED)
    with contextlib.closing(sqlite3.connect(base_of(tmp_path))) as other:
        other.execute("PRAGMA user_version = 77")
    with Ledger(tmp_path) as ledger:
        assert ledger.failures() == {}
        assert ledger._base.execute("PRAGMA user_version").fetchone() == (ledgers._VERSION,)
    with Ledger(tmp_path) as ledger:
        ledger.note(*KEY, FAILED)
    with Ledger(tmp_path) as ledger:
        assert ledger.failures() == {KEY: FAILED}
