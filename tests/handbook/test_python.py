"""Every piece of Python on the pages runs, on a session like theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recordings import open_session
from tests.handbook.lab import Lab
from tests.handbook.page_commands import PAGES

ELSEWHERE = {
    "adding-a-device.md": "tests/test_docs.py holds it to the contract of a driver",
    "models.md": "tests/recordings/dataset/test_load_study.py; it trains on a study of six",
    "protocols.md": "tests/recordings/read/test_session.py; it needs a latency that was measured",
    "sound.md": "tests/acquire/test_microphone.py; it needs a session with sound",
}
"""By page, what runs it in another way."""


def pieces() -> list[tuple[str, int, str]]:
    return [
        (page.name, number, text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        )
        if page.name not in ELSEWHERE
    ]


@pytest.mark.parametrize(("page", "number", "text"), pieces())
def test_the_piece_runs(
    page: str, number: int, text: str, lab: tuple[Path, Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab[0] / lab[1].session
    for name in set(re.findall(r"sub-01_ses-01_task-\w+_run-01", text)):
        link = session / name
        link.unlink(missing_ok=True)
        link.symlink_to(session)
    monkeypatch.chdir(session)
    given = {"path": session, "folder": session, "open_session": open_session}
    exec(compile(text, f"{page}, piece {number + 1}", "exec"), given)


def test_what_is_run_elsewhere_has_a_piece() -> None:
    for page, where in ELSEWHERE.items():
        (found,) = (path for path in PAGES if path.name == page)
        assert "```python" in found.read_text(encoding="utf-8")
        assert Path(__file__).parents[2].joinpath(where.partition(" ")[0].rstrip(";")).is_file()
