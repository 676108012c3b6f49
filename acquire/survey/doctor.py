"""`unisono doctor`: what on this computer gets in the way of recording, and what to do.

Each look is a function of what it is given, so that tests can show it another computer.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from acquire.finding import Finding
from acquire.lsl.clock import local_clock
from acquire.lsl.config import user_config
from acquire.lsl.inlet import Inlet
from acquire.lsl.outlet import Outlet
from acquire.lsl.streams import FoundStream, Resolver
from acquire.own_program import NO_WINDOW, program
from acquire.plain_text import room
from acquire.survey import firewall
from devices.base import Channel, StreamSpec
from recordings.disk.synced import synced_by
from recordings.layout import free_bytes

FIND_S = 3.0
"""How long a stream may take to be found."""
SLOW_OFFSET_S = 0.005
"""A round trip this long is a radio link: wired ones take 0.2 ms."""
FTDI_MS = 1
VIRTUAL = ("lo", "ifb", "dummy", "docker", "br-", "veth", "virbr", "tun", "tap", "wg")


def examine(data_dir: Path, meet: Callable[[str], object] = lambda host: None) -> list[Finding]:
    """Look at everything; takes some seconds. `meet` hears of other computers that have streams."""
    findings = [*_configuration(), *interfaces(name for _, name in socket.if_nameindex())]
    if sys.platform == "win32":
        findings += firewall.examine(program())
    findings += data_folder(data_dir)
    findings += _reachability(meet)
    findings += ftdi_latency(Path("/sys/bus/usb-serial/devices"))
    findings += permissions(Path("/dev"))
    findings += time_source(_timedatectl())
    return findings


def _configuration() -> Iterator[Finding]:
    path = user_config()
    if path is None:
        yield Finding("ok", "LSL configuration", "no lsl_api.cfg: liblsl's defaults apply")
    else:
        yield Finding("ok", "LSL configuration", f"{path} is loaded")


def data_folder(path: Path) -> Iterator[Finding]:
    """Judge where sessions go: whether that can be written to, and who else reads it."""
    there = next(p for p in (path, *path.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Finding(
            "fail",
            "data folder",
            f"{path}: cannot be written to ({error.strerror})",
            "change its permissions, or name another data_dir in the rig file",
        )
        return
    if (program := synced_by(path)) is None:
        yield Finding("ok", "data folder", f"{path}: {room(free_bytes(path))} free")
    else:
        yield Finding(
            "warn",
            "data folder",
            f"{path}: {program} copies it to its servers while it is written",
            "name a data_dir outside of it in the rig file",
        )


def interfaces(names: Iterable[str]) -> Iterator[Finding]:
    """Judge the network interfaces: with several, multicast may take the wrong one."""
    real = sorted(n for n in names if not n.startswith(VIRTUAL))
    if len(real) > 1:
        yield Finding(
            "warn",
            "network",
            f"{len(real)} interfaces ({', '.join(real)}): streams of other computers may be "
            "looked for on the wrong one",
            "switch off what is not needed, or name the computers under KnownPeers in lsl_api.cfg",
        )
    else:
        yield Finding("ok", "network", f"interfaces: {', '.join(real) or 'loopback only'}")


def _reachability(meet: Callable[[str], object]) -> list[Finding]:
    """Publish a stream and find it again, and judge what else is there."""
    spec = StreamSpec("unisono-doctor", "Test", (Channel("test"),), 0.0, "float32")
    outlet = Outlet(spec, f"doctor-{os.getpid()}")
    try:
        found = _find(outlet.uid)
    finally:
        outlet.close()
    if not any(stream.uid == outlet.uid for stream in found):
        failed = Finding(
            "fail",
            "LSL",
            f"a stream published here was not found again within {FIND_S:g} s",
            "let the firewall pass UDP 16571-16604 and TCP 16572-16604, and check ResolveScope and "
            "SessionID in lsl_api.cfg",
        )
        return [failed]
    others = [stream for stream in found if stream.uid != outlet.uid]
    for host in {stream.key.hostname for stream in others} - {socket.gethostname()}:
        meet(host)
    well = Finding("ok", "LSL", f"streams are found here; {len(others)} of other programs")
    return [well, *duplicates(others), *versions(others), *_links(others)]


def _find(uid: str) -> list[FoundStream]:
    resolver, end = Resolver(), time.monotonic() + FIND_S
    while time.monotonic() < end:
        time.sleep(0.1)
        if any(stream.uid == uid for stream in resolver.found()):
            time.sleep(0.5)  # others may take a little longer
            break
    return resolver.found()


def duplicates(streams: Iterable[FoundStream]) -> Iterator[Finding]:
    """Find source ids that more than one stream of a type has.

    One headset may have one source id for EEG, motion and pulse: those cannot be mixed up.
    """
    counts = Counter((s.key.source_id, s.key.type) for s in streams if s.key.source_id)
    for (source, _), count in counts.items():
        if count > 1:
            yield Finding(
                "warn",
                "LSL",
                f"{count} streams have the source id {source!r}: after a restart one may be taken "
                "for the other",
                "give each program a source id of its own",
            )


def versions(streams: Iterable[FoundStream]) -> Iterator[Finding]:
    """Find computers whose programs speak different versions of LSL's protocol."""
    hosts: dict[int, set[str]] = defaultdict(set)
    for stream in streams:
        hosts[int(stream.info.version())].add(stream.key.hostname)
    if len(hosts) > 1:
        spoken = "; ".join(
            f"{v / 100:.2f} on {', '.join(sorted(names))}" for v, names in sorted(hosts.items())
        )
        yield Finding(
            "warn",
            "LSL",
            f"mixed protocol versions: {spoken}",
            "update the programs that are behind",
        )


def _links(streams: Iterable[FoundStream]) -> Iterator[Finding]:
    """Measure the round trip to every other computer."""
    seen: set[str] = set()
    for stream in streams:
        host = stream.key.hostname
        if host in seen or host == socket.gethostname():
            continue
        seen.add(host)
        yield link(host, _round_trip_s(stream))


def link(host: str, round_trip_s: float | None) -> Finding:
    """Judge the link to another computer; None = no answer over UDP."""
    if round_trip_s is None:
        return Finding(
            "fail",
            host,
            "no clock offset: its stamps cannot be mapped to this clock",
            "let the firewall of both computers pass UDP 16572-16604",
        )
    text = f"clock offsets with a round trip of {round_trip_s * 1000:.2f} ms"
    if round_trip_s > SLOW_OFFSET_S:
        return Finding("warn", host, text, "connect it by cable: a radio link adds milliseconds")
    return Finding("ok", host, text)


def _round_trip_s(stream: FoundStream) -> float | None:
    inlet = Inlet(stream)
    try:
        end = local_clock() + FIND_S
        while local_clock() < end:
            if estimate := inlet.offset():
                return estimate.uncertainty
            time.sleep(0.05)
        return None
    finally:
        inlet.close()


def ftdi_latency(root: Path) -> Iterator[Finding]:
    """Look at the latency timers of FTDI adapters, in `/sys/bus/usb-serial/devices`."""
    for timer in sorted(root.glob("*/latency_timer")):
        port, value = timer.parent.name, int(timer.read_text())
        if value > FTDI_MS:
            yield Finding(
                "warn",
                f"/dev/{port}",
                f"the adapter keeps what it receives for up to {value} ms",
                f"echo {FTDI_MS} | sudo tee {timer}",
            )
        else:
            yield Finding("ok", f"/dev/{port}", f"latency timer {value} ms")


def permissions(root: Path) -> Iterator[Finding]:
    """Look whether ports and cameras in `/dev` may be opened."""
    groups = {"ttyUSB*": "dialout", "ttyACM*": "dialout", "video*": "video", "parport*": "lp"}
    for pattern, group in groups.items():
        for device in sorted(root.glob(pattern)):
            if not os.access(device, os.R_OK | os.W_OK):
                yield Finding(
                    "fail",
                    str(device),
                    "this user may not open it",
                    f"sudo usermod -aG {group} $USER, then log in again",
                )


def _timedatectl() -> str | None:
    program = shutil.which("timedatectl")
    if program is None or sys.platform != "linux":
        return None
    done = subprocess.run(
        [program, "show"],
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
        stdin=subprocess.DEVNULL,
        creationflags=NO_WINDOW,
    )
    return done.stdout if done.returncode == 0 else None


def time_source(shown: str | None) -> Iterator[Finding]:
    """Judge what `timedatectl show` says: UTC matters only for naming the moment of a session."""
    if shown is None:
        yield Finding("ok", "time", "whether UTC is synchronized cannot be asked here")
    elif "NTPSynchronized=yes" in shown:
        yield Finding("ok", "time", "UTC is synchronized")
    else:
        yield Finding(
            "warn",
            "time",
            "UTC is not synchronized: a session's date may be wrong (LSL time is not affected)",
            "sudo timedatectl set-ntp true",
        )
