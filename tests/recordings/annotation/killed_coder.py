"""A coder that is killed: edits without end, and says each one once it is made.

python -m tests.recordings.annotation.killed_coder FOLDER edit|compact|arbitrate
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from recordings.annotation.coder_file import Who
from recordings.annotation.model import Decision
from recordings.annotation.store import CodingStore
from tests.recordings.annotation.coded import event


def main(folder: Path, what: str) -> None:
    store = CodingStore(folder, Who("consensus" if what == "arbitrate" else "anna"))
    for note in store.notes:
        print("note", note, flush=True)
    for n in itertools.count(store.entries + 1):
        one_edit(store, n, what)
        print(n, flush=True)
        if what == "compact" and n % 3 == 0:
            store.compact()


def one_edit(store: CodingStore, n: int, what: str) -> None:
    """Edit number n: every seventh takes the one before it back."""
    if n % 7 == 0:
        store.undo()
    elif what == "arbitrate":
        kept = event(f"e{n}", n, n + 1, n + 2)
        store.put_decision(
            Decision(
                id=f"d{n}", coders=("anna", "ben"), first=kept, second=None,
                choice="first", by="cleo", event=kept.id,
            ),
            kept,
        )  # fmt: skip
    else:
        store.put("events", event(f"e{n % 5}", n, n + 1, n + 2, "4+L12B"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
