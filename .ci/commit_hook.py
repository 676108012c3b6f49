"""Write the commit into what is built from a checkout, for `unisono --version`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):
    """Adds `acquire/commit.txt` to wheel and sdist; not where there is no checkout or no git."""

    folder: TemporaryDirectory | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Ask git."""
        if version == "editable":  # runs from the checkout, and asks then
            return
        sys.path.insert(0, self.root)
        from acquire.version import COMMIT_FILE, commit_of

        commit = commit_of(Path(self.root))
        if commit is not None:
            self.folder = TemporaryDirectory()
            path = Path(self.folder.name) / COMMIT_FILE
            path.write_text(f"{commit}\n", encoding="utf-8")
            build_data["force_include"][str(path)] = f"acquire/{COMMIT_FILE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what was only to be packed."""
        if self.folder is not None:
            self.folder.cleanup()
