"""Labels of channels as servers send them: each becomes one that is unique and can be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def unique_labels(labels: Iterable[str]) -> Iterator[str]:
    """Yield labels without control characters; an empty one is its number, a second one is told."""
    seen: set[str] = set()
    for number, raw in enumerate(labels, 1):
        label = "".join(c for c in raw if c.isprintable()).strip()[:64] or str(number)
        free, k = label, 2
        while free in seen:
            free, k = f"{label}_{k}", k + 1
        seen.add(free)
        yield free
