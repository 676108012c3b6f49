"""The handbook can be built, says nothing that is not there, and takes nothing from elsewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.acquire.server.api.browser import browser, is_there
from tests.handbook.not_run import NOT_RUN
from tests.handbook.page_commands import DOCS, PAGES, ROOT, commands, forms, leaf_of
from tests.handbook.rehearsals import REHEARSALS

WINDOW = (1280, 800)
SHOWN = {
    "window.png": (1440, 900),
    "first-session-zh.png": WINDOW,
    "report.png": (1100, 1150),
    "review.png": (1280, 900),
    "coding.png": (1280, 900),
    "page.png": (900, 740),
    "player.png": (1280, 720),
}
"""What `showcase` draws, and how large."""
BY_HAND = {"architecture.svg", "unisono.svg"}


class Linked(HTMLParser):
    """Everything that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source"):
            self.loaded.append(given.get("src") or "")
        if tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(given.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", folder],  # quiet, it would not be strict
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_the_site_is_built_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(list(DOCS.rglob("*.md")))
    for page in pages:
        parser = Linked()
        parser.feed(page.read_text(encoding="utf-8"))
        assert not [link for link in parser.loaded if "//" in link], page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?https?:", sheet.read_text()), sheet.name


@pytest.mark.skipif(not is_there(), reason="needs the packages chromium and chromium-driver")
def test_no_table_is_cut_on_a_laptop(site: Path, tmp_path: Path) -> None:
    cut = """
        return [...document.querySelectorAll(".md-typeset__scrollwrap")]
            .filter((part) => part.scrollWidth > part.clientWidth + 1).length;
    """
    with browser(tmp_path / "browser") as found:
        found.set_window_size(1280, 900)
        for page in site.glob("*.html"):
            found.get(page.as_uri())
            assert found.execute_script(cut) == 0, page.name


def test_every_page_can_be_found(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert f'href="{page.stem}.html"' in index or page.stem == "index", page.name


def pictures() -> set[Path]:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    return {Path(name) for name in re.findall(r"\]\((?:docs/)?(images/[^)]+)\)", text)}


def test_every_picture_of_a_page_is_made_and_has_its_size() -> None:
    drawn = {f"images/runbook/{name}.png": WINDOW for name in REHEARSALS}
    drawn |= {f"images/{name}": size for name, size in SHOWN.items()}
    for picture in pictures():
        assert (DOCS / picture).is_file(), picture
        known = picture.as_posix() in drawn or picture.name in BY_HAND
        assert known, f"nobody draws {picture}"
    for name, size in drawn.items():
        assert Path(name) in pictures(), f"{name} is drawn and shown nowhere"
        with Image.open(DOCS / name) as image:
            assert image.size == size, name


def test_the_runbook_has_twenty_faults_with_all_that_belongs_to_them() -> None:
    text = (DOCS / "runbook.md").read_text(encoding="utf-8")
    faults = re.split(r"^### \d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(faults) == len(REHEARSALS) == 20
    for fault in faults:
        for part in ("](images/runbook/", "**Means:**", "**Do:**", "**Rehearse:**"):
            assert part in fault, fault[:40]


# Commands.


@pytest.mark.parametrize(
    "text", [c.text for c in commands() if c.text.startswith("unisono ")], ids=str
)
def test_every_command_of_the_pages_is_one(text: str) -> None:
    """Its words lead to a command, and that knows every option; `test_commands` runs it."""
    for form in forms(text):
        command, words = leaf_of(shlex.split(form))
        known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        for word in words:
            if word.startswith("-") and len(word) > 1:
                assert word.partition("=")[0] in known, f"{form}: {word}"


def test_what_is_not_run_is_on_a_page_and_has_its_reason() -> None:
    every = {form for command in commands() for form in forms(command.text)}
    for text, reason in NOT_RUN.items():
        assert text in every, f"no page has it any more: {text}"
        for test in re.findall(r"tests/[\w/]+\.py", reason):
            assert (ROOT / test).is_file(), test


def test_what_is_no_command_of_ours_is_named_as_not_run() -> None:
    for command in commands():
        assert command.text.startswith("unisono ") or command.text in NOT_RUN, command


def test_every_row_of_the_comparison_has_its_reason_and_every_program_its_source() -> None:
    text = (DOCS / "comparison.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([a-z]) \|", text, re.MULTILINE)
    assert table == re.findall(r"^- \*\*([a-z])\*\* ", text, re.MULTILINE)
    (head,) = re.findall(r"^\| \| \| Unisono [^|]* \|(.*)\|$", text, re.MULTILINE)
    named = [re.sub(r" [\d.]+", "", cell).strip() for cell in head.split("|")]
    (sources,) = re.findall(r"## Where this is from\n(.*)", text, re.DOTALL)
    assert re.findall(r"^\| (\w+) \| [^|]*\w[^|]* \| .*https://", sources, re.MULTILINE) == named
