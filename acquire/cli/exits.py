"""Exit codes that every command shares. Imports nothing: the entry reads it before all else."""

from __future__ import annotations

from typing import Final

INTERRUPTED: Final = 3
"""After Ctrl-C."""
