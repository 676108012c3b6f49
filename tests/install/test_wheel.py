"""The wheel and the sdist carry all they need, and a plain `pip install unisono` starts."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

import acquire
from acquire.version import COMMIT_FILE, commit_of
from tests.install.environments import ROOT, Installed, build, in_environment, linked, python_of

pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install -e '.[test]'")

COMMIT = f"acquire/{COMMIT_FILE}"
PACKAGES = ("acquire", "devices", "gui", "recordings")

IMPORTS = """\
import importlib, pkgutil, sys
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linked(tmp_path_factory.mktemp("core") / "environment", wheel)


@pytest.fixture
def program(core: Path, tmp_path: Path) -> Installed:
    return in_environment(core, tmp_path / "home")


def files_of(*folders: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def sources() -> set[str]:
    return files_of(*PACKAGES)


def test_the_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    handbook = {f"gui/handbook/{name.removeprefix('docs/')}" for name in files_of("docs")}
    found = {n for n in names if not n.split("/")[0].endswith(".dist-info")}
    assert found - {COMMIT} == sources() | handbook


def test_the_sdist_has_them_and_what_builds_and_tests_them(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    files = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile")
    others = (".ci/bundle/unisono.spec", "docs/installing.md", "tests/conftest.py")
    assert names >= sources() | {*files, *others, ".ci/commit_hook.py"}


def test_what_is_built_from_an_sdist_has_its_commit_and_without_git_none(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    packed = source / COMMIT
    if commit_of(ROOT) is not None:
        assert packed.read_text() == f"{commit_of(ROOT)}\n"
        wheel = build("wheel", tmp_path / "from-sdist", source)
        assert ZipFile(wheel).read(COMMIT) == packed.read_bytes()
        packed.unlink()
    wheel = build("wheel", tmp_path / "without-git", source)
    assert COMMIT not in ZipFile(wheel).namelist()


def test_without_extras_every_module_but_the_windows_can_be_imported(
    core: Path, tmp_path: Path
) -> None:
    """What an extra brings is imported where it is used, never at the top of a module."""
    command = [str(python_of(core)), "-P", "-c", IMPORTS, "acquire", "devices", "recordings"]
    environment = in_environment(core, tmp_path).environment
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_with_the_extra_gui_every_window_can_be_imported(wheel: Path, tmp_path: Path) -> None:
    folder = linked(tmp_path / "environment", wheel, ["gui"])
    command = [str(python_of(folder)), "-P", "-c", IMPORTS, "gui"]
    environment = in_environment(folder, tmp_path).environment
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_demo_runs_from_an_empty_folder_and_is_checked(program: Installed) -> None:
    said = program.run("--version").stdout
    commit = f"commit {commit_of(ROOT)}; " if commit_of(ROOT) else ""
    assert said == f"unisono {acquire.__version__} ({commit}extras: none)\n"
    done = program.run("demo", "--seconds", "2", "--json", "--data-dir", program.home / "data")
    assert done.returncode in (0, 1), done.stderr  # 1: late samples, on a loaded machine
    session = Path(json.loads(done.stdout.splitlines()[-1])["session"])
    assert (session / "report.html").is_file()
    assert program.run("check", session, "--first-step").returncode in (0, 1)
    missing = program.run("export", "bids", session, "--to", program.home / "bids")
    assert missing.returncode == 2
    assert "pip install 'unisono[bids]'" in missing.stderr
    assert "Traceback" not in missing.stderr


@pytest.mark.parametrize("words", [["gui"], ["review", "x"], ["review", "x", "--as", "anna"]])
def test_a_window_says_what_is_missing_in_one_line(program: Installed, words: list[str]) -> None:
    done = program.run(*words)
    assert done.returncode == 2
    assert done.stderr == "error: PySide6 is missing; pip install 'unisono[gui]'\n"
