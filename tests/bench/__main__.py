"""Run every bench: `make bench`, or `python -m tests.bench NAME…`; exit 1 if a figure is missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    known = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    wanted = [f"bench_{name.removeprefix('bench_')}" for name in sys.argv[1:]] or known
    missed = []
    for name in wanted:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode:
            missed.append(name)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nall figures reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
