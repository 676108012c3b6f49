"""A driver to start from: the file, a test of it, and the lines for the rig file."""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path

from acquire.errors import ConfigError
from acquire.text_files import write_new

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

DRIVER = '''\
"""{summary}"""

from devices.base import Channel, Chunk, Device, Settings, StreamSpec


class {kind}Settings(Settings):
    rate_hz: float = 10.0  # a key of the rig file; one that is not here is an error by itself


class {kind}(Device):
    Settings = {kind}Settings
    summary = "{summary}"

    def open(self):
        # Connect here; if that fails, import DeviceError above and raise it with a remedy.
        channels = (Channel("value", "a.u."),)
        name, rate_hz = self.settings.name, self.settings.rate_hz
        self.stream = StreamSpec(name, "Physio", channels, rate_hz, "float32")
        return [self.stream]

    def read(self):
        for due in self.ticks(self.settings.rate_hz):
            yield None if due is None else Chunk.of(self.stream, self.clock.now(), [self.measure()])

    def measure(self):
        return 0.0  # when the cable is out, import DeviceLost above and raise it

    def close(self):
        """Free everything; called in every case, possibly twice."""
'''
TEST = '''\
"""Run with: python -m pytest {path}"""

import time
from itertools import islice
from pathlib import Path

from devices.base import Chunk
from devices.registry import find


class Clock:
    def now(self):
        return time.monotonic()

    def sleep_until(self, due):
        time.sleep(max(0.0, due - time.monotonic()))


def test_it_delivers_what_it_announces():
    driver = find("{name}", Path(__file__).parent)
    device = driver(driver.Settings(name="x"), Clock())
    (stream,) = device.open()
    chunks = [item for item in islice(device.read(), 20) if isinstance(item, Chunk)]
    device.close()
    assert chunks
    assert all(chunk.data.shape[1] == len(stream.channels) for chunk in chunks)
'''
RIG = """\
[rig]
driver_dir = {folder}

[[device]]
name = "{name}"
driver = "{name}"
"""


def new_device(name: str, folder: Path) -> tuple[Path, Path, str]:
    """Write a driver and its test into `folder`; also give the lines for the rig file.

    Raises:
        ConfigError: the name cannot be a driver's, or a file exists or cannot be written.
    """
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(module):
        raise ConfigError(f"{name!r} cannot name a driver; like my-sensor: small letters, hyphens")
    kind = "".join(part.capitalize() for part in name.split("-"))
    driver, test = folder / f"{module}.py", folder / f"_test_{module}.py"
    texts = {
        driver: DRIVER.format(kind=kind, summary=name.replace("-", " ")),
        test: TEST.format(name=name, path=test.as_posix()),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror}") from error
    for path, text in texts.items():
        write_new(path, text)
    # TOML strings are written as in JSON.
    quoted = json.dumps(folder.as_posix(), ensure_ascii=False)
    return driver, test, RIG.format(folder=quoted, name=name)
