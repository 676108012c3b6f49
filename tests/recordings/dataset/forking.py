"""A program that forks, as a loader of batches does, while a study's video is open.

In a process of its own: what other tests have loaded may have threads that a fork hangs of.
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from pathlib import Path

import numpy as np

from recordings import load_study
from recordings.dataset.study import Study


def _read(study: Study, expected: list[bytes], seed: int) -> None:
    """Read windows by chance; the exit code is 1 where one is not as expected."""
    numbers = np.random.default_rng(seed).integers(0, len(study), 60).tolist()
    sys.exit(any(study[n]["face"].tobytes() != expected[n] for n in numbers))


def main() -> None:
    with load_study(Path(sys.argv[1]), signals={"face": "gray32"}, length_s=0.1) as study:
        expected = [item["face"].tobytes() for item in study]  # the video is open now
        assert len(set(expected)) == len(expected)
        context = multiprocessing.get_context("fork")
        readers = [context.Process(target=_read, args=(study, expected, n)) for n in range(3)]
        with warnings.catch_warnings():
            # Python 3.12 warns of any fork with threads, which may hang; a video's do not.
            warnings.simplefilter("ignore", DeprecationWarning)
            for reader in readers:
                reader.start()
        for reader in readers:
            reader.join(60)
            reader.kill()
        print([reader.exitcode for reader in readers])


if __name__ == "__main__":
    main()
