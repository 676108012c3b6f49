"""One connection to a node: requests, answers, and pieces of files. No state but the socket."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Self, TypeVar

from pydantic import BaseModel

from acquire.errors import ControlError
from acquire.node.models import MAX_ANSWER, decode, encode
from acquire.node.pinned import PinnedConnection, Unreachable
from acquire.node.trust import known_node
from acquire.rig.node import NodeTable

MAX_PROBLEM = 1 << 16
ANSWER_S = 5.0
"""How long a node may take to answer; who asks it to wait adds that."""

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
        return decode(answer, self._call(method, path, body, {}, timeout_s), MAX_ANSWER)

    def tell(
        self, method: str, path: str, body: BaseModel | None = None, timeout_s: float = ANSWER_S
    ) -> None:
        """Order something whose answer says nothing more; see `ask`."""
        self._call(method, path, body, {}, timeout_s)

    def read(self, path: str, start: int, stop: int, timeout_s: float = 30.0) -> bytes:
        """Fetch the bytes from `start` up to `stop` of a file; may be fewer. See `ask`."""
        wanted = {"Range": f"bytes={start}-{stop - 1}"}
        return self._call("GET", path, None, wanted, timeout_s, most=stop - start)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(
        self,
        method: str,
        path: str,
        body: BaseModel | None,
        headers: dict[str, str],
        timeout_s: float,
        most: int = MAX_ANSWER,
    ) -> bytes:
        data = encode(body) if body is not None else None
        name = self._address.name
        try:
            response = self._send(method, path, data, headers, timeout_s)
            refused = response.status >= 300
            content = response.read(MAX_PROBLEM if refused else most + 1)
        except ControlError:  # the connection's own words
            self.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(
                f"{self._address.address}: the node does not answer any more "
                f"({str(error) or type(error).__name__}); see that it runs, and its cable"
            ) from error
        if not response.isclosed():  # more than was asked for: what follows cannot be told apart
            self.close()
        if refused:
            raise NodeRefused(_refusal(name, response, content), response.status)
        return content

    def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], timeout_s: float
    ) -> http.client.HTTPResponse:
        headers = {**headers, "Content-Type": "application/json"}
        headers["Authorization"] = f"Bearer {self._address.token}"
        if self._connection is None:
            address = self._address
            self._connection = PinnedConnection(address.address, address.fingerprint, ANSWER_S)
            self._connection.connect()
        # Not `auto_open`: what is sent goes to the certificate that was looked at, or nowhere.
        self._connection.sock.settimeout(timeout_s)
        self._connection.request(method, path, data, headers)
        return self._connection.getresponse()


def _refusal(name: str, response: http.client.HTTPResponse, content: bytes) -> str:
    try:
        problem = json.loads(content)
        text = f"{problem['text']}; {problem['remedy']}".removesuffix("; ")
    except (ValueError, KeyError, TypeError):
        text = f"{response.status} {response.reason}"
    # It goes into terminals and lists: one line, nothing that steers them.
    shown = "".join(c for c in " ".join(text.split()) if c.isprintable())[:500]
    return f"node {name}: {shown}"
