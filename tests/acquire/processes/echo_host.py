"""A child that answers each request with what it was sent: for tests of the pipe alone."""

from __future__ import annotations

import sys
import time

from acquire.processes.child import pipe_of
from acquire.processes.messages import Answer, Close, Command, Open, Opened


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
        pipe.send(Answer(request.number, dict(request.body.args)))


if __name__ == "__main__":
    main()
