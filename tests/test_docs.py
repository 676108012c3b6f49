"""The documentation is true: made from the models, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acquire.rig.file import parse_rig
from acquire.rig.reference import reference
from devices import registry
from recordings.annotation.plan import load_plan
from tests.devices.contract import check

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_reference_of_the_rig_file_is_the_models() -> None:
    written = (ROOT / "docs" / "rig-file.md").read_text(encoding="utf-8")
    assert written == reference(), "run: unisono rig reference > docs/rig-file.md"


def test_the_reference_says_of_each_key_what_it_means() -> None:
    rows = [row for row in reference().splitlines() if row.startswith("| `")]
    assert len(rows) > 200
    assert not [row for row in rows if row.endswith("|  |")]


def test_the_rig_file_of_the_readme_is_good() -> None:
    (rig,) = blocks("README.md", "toml")
    assert [d.name for d in parse_rig(rig).devices] == ["face", "eeg"]


def test_the_driver_of_the_guide_keeps_the_contract(tmp_path: Path) -> None:
    (source,) = blocks("docs/adding-a-device.md", "python")
    assert source == (ROOT / "docs/examples/thermometer.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 40
    (tmp_path / "thermometer.py").write_text(source, encoding="utf-8")
    driver = registry.find("thermometer", tmp_path)
    check(driver, {"name": "temperature", "port": 3}, 2.0)


def test_the_plan_of_the_coding_page_is_one(tmp_path: Path) -> None:
    (plan,) = blocks("docs/coding.md", "toml")
    (tmp_path / "coding.toml").write_text(plan)
    assert load_plan(tmp_path / "coding.toml").trainees == ("cleo",)


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


PACKAGES = "acquire|devices|gui|recordings|tests"


def is_there(name: str) -> bool:
    """Whether a path, or what a module of that name has, is in the checkout."""
    parts = re.split(r"[/.]", name.removesuffix(".py"))
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        if place.is_dir():
            return count == len(parts)
        if (file := place.with_suffix(".py")).is_file():
            source = file.read_text(encoding="utf-8")
            return all(re.search(rf"\b{part}\b", source) for part in parts[count:])
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_and_module_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(rf"(?<![\w/.(-])(?:{PACKAGES})(?:[/.]\w+)+(?!\w|\*)", text)
    assert not [name for name in named if not is_there(name)]


def test_the_rooms_of_the_architecture_are_the_folders() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = set(
        re.findall(r"^\| `((?:acquire|devices|gui|recordings)/[a-z/]+)` \|", text, re.MULTILINE)
    )
    there = {
        folder.parent.relative_to(ROOT).as_posix()
        for package in ("acquire", "devices", "gui", "recordings")
        for folder in (ROOT / package).rglob("*/__init__.py")
    }
    assert listed == there


def test_every_decision_has_a_number_of_its_own() -> None:
    files = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    numbers = [int(path.name[:4]) for path in files]
    assert numbers == list(range(1, len(files) + 1))
    for path, number in zip(files, numbers, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. "), path.name
