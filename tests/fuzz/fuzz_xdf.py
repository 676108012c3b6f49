"""Fuzz the XDF reader and the repair with atheris, guided by coverage.

python -m tests.fuzz.fuzz_xdf [--seconds 120] [CORPUS]

What it finds is written to `crash-…` in the working folder. `pip install 'unisono[fuzz]'` (Linux).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recordings"]):
    from tests.fuzz.xdf_targets import check_bytes

from tests.recordings.repair.test_repair import MADE

_FOLDER = Path(tempfile.mkdtemp(prefix="unisono-fuzz-"))


def one_input(data: bytes) -> None:
    """Check one input: with the magic in front, or every one would end at the first byte."""
    check_bytes(b"XDF:" + data, _FOLDER)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("corpus", nargs="?", type=Path)
    given = parser.parse_args()
    corpus = given.corpus or Path(tempfile.mkdtemp(prefix="unisono-corpus-"))
    corpus.mkdir(exist_ok=True)
    (corpus / "made").write_bytes(MADE.data[4:])
    (corpus / "short").write_bytes(MADE.data[4 : MADE.chunks[6][3]])
    warnings.simplefilter("ignore")
    options = [f"-max_total_time={given.seconds}", "-max_len=8192", "-timeout=20", str(corpus)]
    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
