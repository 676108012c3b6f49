"""Hostile peers, one kind after the other: how many recordings do they harm?

python -m tests.bench.bench_hostile [--rounds 1] [--seed 1]

A daemon with a simulated rig records for some seconds while one kind of peer does its worst, on
loopback: outlets out of bounds, bursts, outlets that come and go, values that are none, web pages,
fuzzed lines and garbage at the remote control's port, fuzzed and cross-site requests, silent
connections, half requests, a serial line that sends rubbish, killed devices, drivers that
misbehave. Each kind is bounded in number; a recording of it lasts some seconds. A recording is
harmed where it does not end complete, where the rig's own stream has lost a sample, or where the
daemon does not answer. Limit: none.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import private_lsl

if TYPE_CHECKING:
    from tests.acquire.daemon_program import Daemon

LEAST_SAMPLES = 750  # 3 s of the rig's amplifier


@contextlib.contextmanager
def odd_outlets(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    from tests.acquire.test_odd_outlets import ODD
    from tests.acquire.test_odd_outlets import odd_outlets as outlets

    with outlets(f"odd{chance.randrange(1 << 30)}", ODD):
        yield


@contextlib.contextmanager
def bursts(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    import pylsl

    name = f"burst{chance.randrange(1 << 30)}"
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(name, "Markers", 1, 0, "string", name))
    for _ in range(10):
        outlet.push_chunk([[str(n)] for n in range(5_000)])
    yield


def _send(port: int, data: bytes) -> None:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(data)


@contextlib.contextmanager
def web_pages(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    body = b"stop\nfilename {participant:evil}\nstart\n"
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    for _ in range(50):
        _send(daemon.rcs_port, head + body)
    yield


@contextlib.contextmanager
def garbage(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    http = int(daemon.url.rpartition(":")[2])
    for _ in range(50):
        data = chance.randbytes(chance.randrange(1, 20_000))
        _send(daemon.rcs_port, data)
        _send(http, data)
        _send(http, b"GET /api/status HTTP/1.1\r\nHost: [\r\n\r\n")
    yield


@contextlib.contextmanager
def silent_connections(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    ports = [int(daemon.url.rpartition(":")[2]), daemon.rcs_port]
    with contextlib.ExitStack() as stack:
        for number in range(100):
            with contextlib.suppress(OSError):
                peer = socket.create_connection(("127.0.0.1", ports[number % 2]), 5)
                stack.enter_context(peer)
                if chance.random() < 0.5:
                    peer.sendall(b"GET /api/st")
        yield


@contextlib.contextmanager
def fleeting_outlets(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    import pylsl

    for _ in range(20):
        name = f"fleeting{chance.randrange(1 << 30)}"
        outlet = pylsl.StreamOutlet(pylsl.StreamInfo(name, "EEG", 2, 100, "float32", name))
        outlet.push_sample([0.0, 1.0])
        time.sleep(chance.random() * 0.1)
        del outlet
    yield


@contextlib.contextmanager
def odd_values(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    import pylsl

    name = f"values{chance.randrange(1 << 30)}"
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(name, "EEG", 2, 100, "double64", name))
    odd = (math.nan, math.inf, -math.inf, 1e300, -1.0, 0.0)
    for _ in range(200):
        outlet.push_sample([chance.choice(odd), chance.choice(odd)], chance.choice(odd))
        time.sleep(0.005)
    yield


@contextlib.contextmanager
def remote_control_lines(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    words = ("select", "update", "filename", "{root:/}", "{participant:..}", "é", "\0", "x" * 500)
    for _ in range(300):  # neither start nor stop: these are for whoever may command
        line = " ".join(chance.choices(words, k=chance.randrange(1, 5)))
        _send(daemon.rcs_port, line.encode() + chance.choice((b"\n", b"\r\n", b"")))
    yield


@contextlib.contextmanager
def fuzzed_requests(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    paths = ("status", "streams", "recording/start", "recording/stop", "devices/x/start", "markers")
    bodies = ("", "{}", "[", '{"participant": 3}', '{"text": "' + "x" * 5000 + '"}', "null")
    for _ in range(100):
        head = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        method = chance.choice(("GET", "POST", "PUT", "DELETE", "PATCH"))
        url = f"/api/{chance.choice(paths)}{chance.choice(('', '/..', '?x=%00', '/%2e%2e'))}"
        daemon.http.request(method, url, content=chance.choice(bodies).encode(), headers=head)
    yield


@contextlib.contextmanager
def a_serial_line_of_rubbish(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    for _ in range(50):
        daemon.wire.send(chance.randbytes(chance.randrange(1, 300)))
        daemon.wire.send(b"nan,1e999,,7\n1,2\n")
        time.sleep(0.01)
    yield


@contextlib.contextmanager
def misbehaving_drivers(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    from tests.acquire.test_failing_drivers import TRIGGER

    (daemon.folder / TRIGGER).touch()
    yield


@contextlib.contextmanager
def a_killed_device(daemon: Daemon, chance: random.Random) -> Iterator[None]:
    daemon.post(f"devices/{daemon.marks}/stop")
    yield
    daemon.post(f"devices/{daemon.marks}/start")


SERIAL = """
[[device]]
name = "sensor"
driver = "serial-lines"
port = "{port}"
rate_hz = 50
columns = [{{{{ label = "a" }}}}, {{{{ label = "b" }}}}]
"""


@contextlib.contextmanager
def hostile_daemon(folder: Path) -> Iterator[Daemon]:
    """Give a daemon whose rig has a serial sensor and drivers that will fail, too."""
    from tests.acquire.daemon_program import RIG, Daemon
    from tests.acquire.program import wait_for
    from tests.acquire.test_failing_drivers import FAULTS, FOUL, write_drivers
    from tests.devices.wire import wire

    faults = {
        name: fault for name, fault in (FAULTS | FOUL).items() if name not in ("good", "hangs")
    }
    failing = write_drivers(folder, faults).read_text()
    with wire() as line:
        (folder / "sensor").symlink_to(line.path)
        line.play((b"1.0,2.0\n" for _ in itertools.count()), 1 / 50)
        rig = failing + RIG + SERIAL.format(port=folder / "sensor")
        with Daemon(folder, rig=rig) as daemon:
            daemon.wire = line
            daemon.idle()
            rigs = {daemon.eeg, "sensor", *faults}
            wait_for(lambda: rigs <= {s["name"] for s in daemon.get("streams")}, what="streams")
            yield daemon


KINDS: tuple[Callable[[Any, random.Random], contextlib.AbstractContextManager[None]], ...] = (
    odd_outlets,
    bursts,
    web_pages,
    garbage,
    silent_connections,
    fleeting_outlets,
    odd_values,
    remote_control_lines,
    fuzzed_requests,
    a_serial_line_of_rubbish,
    a_killed_device,
    misbehaving_drivers,  # the last: some of these are not started again
)


def harm_of(daemon: Daemon, kind: Callable[..., Any], chance: random.Random) -> str:
    """Record while one kind does its worst; say what it harmed, "" = nothing."""
    folder = Path(daemon.post("recording/start", {"participant": "01"})["session"])
    with kind(daemon, chance):
        daemon.wait_for_samples(daemon.eeg, LEAST_SAMPLES)
    ended = daemon.post("recording/stop")
    streams = {s["name"]: s for s in ended["streams"]}
    eeg = streams.get(daemon.eeg, {"samples": 0, "lost": 0})
    if ended["state"] != "complete" or ended["session"] != str(folder):
        return f"{ended['state']}: {ended['session']}"
    if eeg["lost"] or eeg["samples"] < LEAST_SAMPLES / 2:
        return f"{eeg['samples']} samples of the rig's amplifier, {eeg['lost']} lost"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    private_lsl()
    chance = random.Random(options.seed)
    harmed = 0
    with tempfile.TemporaryDirectory() as folder, hostile_daemon(Path(folder)) as daemon:
        for kind in KINDS * options.rounds:
            try:
                harm = harm_of(daemon, kind, chance)
            except Exception as error:  # a daemon that does not answer is the worst of all
                harm = f"{type(error).__name__}: {error}"
            harmed += bool(harm)
            print(f"{kind.__name__:20s} {harm or 'no harm'}", flush=True)
        threads = [t.name for t in threading.enumerate() if not t.daemon]
        assert threads == ["MainThread"], threads
        with contextlib.suppress(AssertionError):
            daemon.end()
    print(f"recordings harmed: {harmed} of {len(KINDS) * options.rounds} (limit 0)")
    return 1 if harmed else 0


if __name__ == "__main__":
    sys.exit(main())
