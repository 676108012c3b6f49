"""The files beside the code: they parse, and what they name exists."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import acquire
from acquire.version import EXTRAS, described

ROOT = Path(__file__).parents[1]
FILES = [
    *(ROOT / ".github").rglob("*.yml"),
    ROOT / ".pre-commit-config.yaml",
    ROOT / "CITATION.cff",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


ONLY_IN = {
    r"\bfcntl\b": {
        "devices/triggers/parallel_port.py",
        "recordings/disk/direct_io.py",
        "recordings/disk/file_lock.py",
    },
    r"\bos\.fork": set(),
    r"\bSIGKILL\b": {"acquire/processes/held.py"},
}
"""What Windows has not, and the files that have another way there."""


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_make_target_that_is_named_is_there(path: Path) -> None:
    assert content(path)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = re.findall(r"\bmake ([a-z]+)", path.read_text(encoding="utf-8"))
    assert set(named) <= targets, f"{path.name}: {set(named) - targets}"


def test_workflows_have_jobs_with_steps() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        found = content(path)
        assert True in found, path.name  # the key `on`, as YAML 1.1 reads it
        for name, job in found["jobs"].items():
            assert job["steps"], f"{path.name}: {name}"


@pytest.mark.parametrize("word", ONLY_IN)
def test_what_windows_lacks_is_used_where_there_is_another_way(word: str) -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("acquire", "devices", "gui", "recordings")
        for path in (ROOT / package).rglob("*.py")
        if re.search(word, path.read_text(encoding="utf-8"))
    }
    assert found == ONLY_IN[word]


def test_the_citation_names_the_version() -> None:
    assert content(ROOT / "CITATION.cff")["version"] == acquire.__version__


def test_the_version_names_every_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    for_developers = {"all", "test", "bench", "bundle", "docs", "fuzz"}
    assert set(EXTRAS) == set(extras) - for_developers
    assert described().startswith(f"unisono {acquire.__version__} (")
    assert "gui" in described()


def test_all_is_every_extra_for_a_lab() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    inside = set(re.search(r"\[(.*)\]", everything)[1].split(","))  # type: ignore[index]
    assert inside == set(extras) - {
        "all",
        "test",
        "bench",
        "bundle",
        "docs",
        "fuzz",
        "face",
    }  # gui brings face


TOP = {
    *("acquire", "devices", "gui", "recordings", "tests", "docs", ".ci", ".github"),
    *("pyproject.toml", "Makefile", "mkdocs.yml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("LICENSE", "SECURITY.md", "CITATION.cff"),
    *(".editorconfig", ".gitignore", ".pre-commit-config.yaml"),
}


def test_nothing_else_lies_at_the_top() -> None:
    """Files that a shell's slip had made were committed."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout")
    assert {line.partition("/")[0] for line in listed.stdout.splitlines()} <= TOP


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_the_demo_brings_the_window_and_the_exports_and_says_how_to_open_them(
    tmp_path: Path,
) -> None:
    asked = ["make", "-n", "demo", f"VENV={tmp_path / 'venv'}"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (extras,) = set(re.findall(r"pip install .*'\.\[(.*)\]'", told))
    assert set(extras.split(",")) >= {"gui", "bids", "tables"}
    ran = told.index("unisono demo")
    assert all(ran < told.index(word) for word in ("make gui", "unisono review", "unisono export"))
