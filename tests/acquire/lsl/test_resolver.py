"""What is found on the network, and what is another lab's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acquire.lsl.config import user_config
from acquire.lsl.streams import Resolver
from tests.acquire.program import unique, wait_for

OUTLET = """
import pylsl, sys
outlet = pylsl.StreamOutlet(pylsl.StreamInfo(sys.argv[1], "EEG", 1, 100, "float32", sys.argv[1]))
print("there", flush=True)
sys.stdin.read()
"""


@contextmanager
def of_another_lab(name: str, config: Path) -> Iterator[None]:
    """Run an outlet in another session of LSL on this computer."""
    own = user_config()
    assert own is not None
    config.write_text(own.read_text().replace("SessionID = test-", "SessionID = another-"))
    command = [sys.executable, "-c", OUTLET, name]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "LSLAPICFG": str(config)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        try:
            yield
        finally:
            process.communicate(b"")


def test_or_does_not_reach_into_another_labs_session(tmp_path: Path) -> None:
    import pylsl

    own, others = unique("own"), unique("others")
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(own, "EEG", 1, 100, "float32", own))
    with of_another_lab(others, tmp_path / "lsl_api.cfg"):
        either = Resolver(f"name='{own}' or name='{others}' or type='none'")
        wait_for(either.found)  # those that are near answer at once, all of them
        reached = Resolver("type='none') or (name='" + others + "'")  # what liblsl would do itself
        wait_for(reached.found)
        assert [stream.key.name for stream in either.found()] == [own]
    del outlet
