"""Outlets that nobody should make: ``python -m tests.acquire.odd_outlets '[["name", 0, 1e8], …]'``.

Says `ready`, and ends with its standard input. What follows the name is given as JSON: channels,
nominal rate and format of each.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    import pylsl

    outlets = []
    for name, channels, rate, format_ in json.loads(sys.argv[1]):
        info = pylsl.StreamInfo(name, "EEG", channels, rate, format_, name)
        outlets.append(pylsl.StreamOutlet(info))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
