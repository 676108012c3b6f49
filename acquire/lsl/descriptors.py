"""How many files and sockets this process may have open: each stream takes a dozen of them."""

from __future__ import annotations

import sys

PER_STREAM = 12
"""What one inlet of liblsl opens: sockets, and the wake-up pipes of its event loops."""
SPARE = 128
"""Kept for the files of recordings, device processes, clients and libraries."""
WANTED = 16_384


def raise_limit() -> int | None:
    """Raise the soft limit as far as it helps; give it, or None where there is none."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    best = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < best:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))
            soft = best
        except (ValueError, OSError):  # what the system says against it, `fits` says in streams
            pass
    return None if soft == resource.RLIM_INFINITY else soft


def fits(limit: int | None) -> int:
    """Say how many streams fit under a limit."""
    return sys.maxsize if limit is None else max(1, (limit - SPARE) // PER_STREAM)
