"""A child that answers each request with what it was sent: for tests of the pipe alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from tempfile import NamedTemporaryFile

from acquire.processes.child import pipe_of
from acquire.processes.messages import Answer, Close, Command, DeviceState, HostStatus, Open, Opened


def left_running(way: str, pipe: Connection) -> int:
    """Start something that does not end, as a driver may; give its pid."""
    if way == "system":
        with NamedTemporaryFile() as told:
            os.system(f"sleep 600 & echo $! >{told.name}")  # it hands on what can be inherited
            return int(told.read())
    if way == "hold":
        return subprocess.Popen(["sleep", "600"], pass_fds=[pipe.fileno()]).pid
    pid = os.fork()
    if not pid:
        time.sleep(600)
        os._exit(0)
    return pid


def main() -> None:
    pipe = pipe_of(int(sys.argv[1]))
    first = pipe.recv()
    assert isinstance(first.body, Open), first
    pipe.send(Answer(first.number))
    pipe.send(Opened((), {}, False, None))
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        if isinstance(request.body, Close):
            return
        assert isinstance(request.body, Command), request
        if request.body.name == "mute":
            pipe.close()
            time.sleep(600)
        if request.body.name == "say":
            pipe.send(request.body.args["event"])
        if request.body.name == "tell":  # its state, as a device does
            pipe.send(HostStatus(DeviceState.RUNNING))
        if request.body.name == "leave":
            pipe.send(Answer(request.number, {"pid": left_running(request.body.args["way"], pipe)}))
            continue
        if request.body.name == "warn":
            os.write(2, b"no sound server\n")
        if request.body.name == "abort":
            os.write(2, b"x" * 100_000 + b"\nterminate called\n  what(): no such sensor\n\n")
            os.abort()
        pipe.send(Answer(request.number, dict(request.body.args)))


if __name__ == "__main__":
    main()
