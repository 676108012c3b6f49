"""One connection to a node: requests, answers, and pieces of files. No state but the socket."""

from __future__ import annotations

import contextlib
import http
import http.client
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

from pydantic import BaseModel

from acquire.errors import ControlError
from acquire.node.pairing.known import known_node
from acquire.node.pairing.pinned import PatientSocket, PinnedConnection, Unreachable
from acquire.node.wire.coding import MAX_ANSWER, decode, encode
from acquire.rig.node import NodeTable

MAX_PROBLEM = 1 << 16
ANSWER_S = 5.0
"""How long a node may take to answer; who asks it to wait adds that."""
READ_S = 30.0
"""How long a disk that others use may take to give the next bytes of a file."""
WHOLE_S = 60.0
"""How long an answer that has begun may take to its end; the pieces of files take what they do."""
IDLE_S = 4.0
"""A connection that has said nothing for longer is made anew: a node closes it after 10 s."""
PIECE = 1 << 20
"""What comes of a file between two moments at which it can rest."""

Model = TypeVar("Model", bound=BaseModel)


class NodeRefused(ControlError):
    """The node answers, and does not do it; `status` is the HTTP status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """How to get at a node."""

    name: str
    address: str  # host, or host:port
    fingerprint: str
    token: str


def client_of(table: NodeTable) -> NodeClient:
    """Make the client of a rig's node; it connects at the first request.

    Raises:
        ConfigError: this user has not paired with it.
    """
    known = known_node(table.fingerprint)
    return NodeClient(NodeAddress(table.name, table.address, table.fingerprint, known.token))


class NodeClient:
    """Asks one node, for one thread; after an error the next request connects anew."""

    def __init__(self, address: NodeAddress) -> None:
        self._address = address
        self._connection: PinnedConnection | None = None
        self._used = 0.0
        self._is_abandoned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def local_host(self) -> str | None:
        """This computer's address as the node sees it; None while not connected."""
        sock = self._connection.sock if self._connection is not None else None
        return str(sock.getsockname()[0]) if sock is not None else None

    def ask(
        self,
        method: str,
        path: str,
        answer: type[Model],
        body: BaseModel | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Model:
        """Ask for a model, or order something that is answered by one.

        Raises:
            Unreachable: no answer within `timeout_s`.
            NodeRefused: the node does not do it.
            WrongCertificate: somebody else answers.
            WireError: the answer is none that a node gives.
        """
        with self._asked(method, path, body, {}, timeout_s) as response:
            data = response.read(MAX_ANSWER + 1)
        return decode(answer, data, MAX_ANSWER)

    def tell(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None = None,
        timeout_s: float = ANSWER_S,
    ) -> None:
        """Order something whose answer says nothing more; see `ask`. A body of bytes is JSON."""
        with self._asked(method, path, body, {}, timeout_s) as response:
            response.read(MAX_ANSWER)

    def read(
        self, path: str, start: int, view: memoryview, came: Callable[[int], None] = lambda n: None
    ) -> int:
        """Fill `view` with the bytes of a file from `start` on; gives how many came. See `ask`.

        `came` is called with the size of each piece; it may rest, and what it raises ends this.
        """
        wanted = {"Range": f"bytes={start}-{start + len(view) - 1}"}
        with self._asked("GET", path, None, wanted, READ_S, math.inf) as response:
            place = 0
            while count := response.readinto(view[place : place + PIECE]):
                place += count
                came(count)
            if response.length and place < len(view):
                raise http.client.IncompleteRead(b"", response.length)
            return place

    def abandon(self) -> None:
        """End what its thread waits for, from another one; nothing is asked any more."""
        self._is_abandoned = True  # first: a connection that is just being made is left, too
        if (connection := self._connection) is not None:
            connection.interrupt()

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None,
        headers: dict[str, str],
        timeout_s: float,
        whole_s: float = WHOLE_S,
    ) -> Iterator[http.client.HTTPResponse]:
        """Ask, and give the answer to be read; what is not read of it costs the connection."""
        data = encode(body) if isinstance(body, BaseModel) else body
        whole = False
        try:
            response = self._send(method, path, data, headers, timeout_s, whole_s)
            if response.status >= 300:
                content = response.read(MAX_PROBLEM)
                whole = response.isclosed()
                raise NodeRefused(_refusal(self._address.name, response, content), response.status)
            yield response
            whole = response.isclosed()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"{self._address.address}: the node does not answer any more "
                f"({str(error) or type(error).__name__}); see that it runs, and its cable"
            ) from error
        finally:
            self._used = time.monotonic()
            if not whole:  # what follows could not be told apart from what was not read
                self.close()

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None,
        headers: dict[str, str],
        timeout_s: float,
        whole_s: float,
    ) -> http.client.HTTPResponse:
        headers = {**headers, "Content-Type": "application/json"}
        headers["Authorization"] = f"Bearer {self._address.token}"
        if time.monotonic() - self._used > IDLE_S:  # as while a file of it was hashed here
            self.close()
        if self._connection is None:
            address = self._address
            self._connection = PinnedConnection(address.address, address.fingerprint, ANSWER_S)
            if self._is_abandoned:  # who abandoned it may have found no connection to end
                raise Unreachable(f"{address.address}: is not waited for any more")
            self._connection.connect()
        # Not `auto_open`: what is sent goes to the certificate that was looked at, or nowhere.
        sock = self._connection.sock
        assert isinstance(sock, PatientSocket)
        sock.settimeout(timeout_s)
        sock.deadline = time.monotonic() + timeout_s
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        sock.settimeout(timeout_s)
        sock.deadline = time.monotonic() + whole_s
        return response


def _refusal(name: str, response: http.client.HTTPResponse, content: bytes) -> str:
    if response.status == http.HTTPStatus.UNAUTHORIZED:
        return (
            f"node {name}: does not let this engine in any more: its entry there was deleted, or "
            "another engine of the same name has been paired since; pair anew"
        )
    try:
        problem = json.loads(content)
        text = f"{problem['text']}; {problem['remedy']}".removesuffix("; ")
    except (ValueError, KeyError, TypeError, RecursionError):
        text = f"{response.status} {response.reason}"
    # It goes into terminals and lists: one line, nothing that steers them.
    shown = "".join(c for c in " ".join(text.split()) if c.isprintable())[:500]
    return f"node {name}: {shown}"
