"""Requests that nobody should send to a node: how many does it answer with a fault of its own?

python -m tests.bench.bench_node_fuzz [--requests 100000] [--seed 1]

The node's application in this process, without TLS and sockets, with a run and a recording. Limit:
no answer of 500 or more, no exception, no file changed.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.bench import private_lsl


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        return fuzz(Path(folder), wanted.seed, wanted.requests)


def fuzz(folder: Path, seed: int, count: int) -> int:
    import acquire
    from acquire.node.pairing.code import PairingWindow
    from acquire.node.pairing.known import Engines
    from acquire.node.program.host import Host
    from acquire.node.program.server import build
    from acquire.node.wire.messages import WIRE
    from acquire.node.wire.models import RecordingState, RunOrder
    from tests.acquire.node.requests import bad_requests

    data_dir = folder / "data"
    data_dir.mkdir()
    host = Host("cam-pc", data_dir, print)
    kept, _ = host.store.armed("r", "session", 1, "face", {"face": "face"})
    (kept.folder / "face.nut").write_bytes(bytes(5000))
    kept.change(state=RecordingState.CLOSED, is_cut=True)
    host.put_run("run", RunOrder(engine="e", version=acquire.__version__, wire=WIRE))
    engines = Engines(folder)
    token = engines.add("e")
    before = sorted((str(p), p.stat().st_size) for p in data_dir.rglob("*"))
    began = time.monotonic()
    with ThreadPoolExecutor(1) as reading:
        app = build(host, engines, PairingWindow("ab" * 32), lambda name: None, reading)
        counts = asyncio.run(_send_all(app, token, bad_requests(seed, count, "run", kept.id)))
    took = time.monotonic() - began
    faults = sum(n for status, n in counts.items() if status >= 500)
    same = sorted((str(p), p.stat().st_size) for p in data_dir.rglob("*")) == before
    print(
        f"{count} requests in {took:.0f} s ({count / took:,.0f}/s): {dict(sorted(counts.items()))}"
    )
    print(f"faults {faults} (limit 0), files {'as before' if same else 'CHANGED'}")
    return 0 if not faults and same else 1


async def _send_all(app: Any, token: str, requests: list[Any]) -> collections.Counter[int]:
    counts: collections.Counter[int] = collections.Counter()
    for bad in requests:
        counts[await _status(app, token, bad)] += 1
    return counts


async def _status(app: Any, token: str, bad: Any) -> int:
    path, _, query = bad.path.partition("?")
    headers = {**bad.headers, "host": "x", "authorization": f"Bearer {token}"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": bad.method,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    body = [{"type": "http.request", "body": bad.body, "more_body": False}]
    told = []

    async def receive() -> dict[str, Any]:
        return body.pop() if body else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    try:
        await app(scope, receive, send)
    except Exception as error:
        print(f"{bad}: {type(error).__name__}: {error}")
        return 599
    if told and told[0] >= 500:
        print(bad, told)
    return int(told[0]) if told else 599


if __name__ == "__main__":
    sys.exit(main())
