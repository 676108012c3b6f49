"""The engine's side of a pairing."""

from __future__ import annotations

import hmac
import http.client
import json
from pathlib import Path
from typing import Final

from acquire.errors import ConfigError, ControlError
from acquire.node.pairing.code import check_value, halves
from acquire.node.pairing.known import KnownNode
from acquire.node.pairing.pinned import PinnedConnection, Unreachable
from acquire.node.wire.coding import MAX_BODY, decode, encode
from acquire.node.wire.models import Paired, PairOrder
from acquire.rig.file import parse_rig
from recordings.disk.atomic import replace_file

ANSWER_S: Final = 10.0


def pair(address: str, code: str, engine: str) -> KnownNode:
    """Pair with the node at an address, which shows a code.

    Nothing is sent before the certificate was seen to be the one that the code is of.

    Raises:
        ConfigError: the address or the code is none.
        Unreachable: nobody answers there.
        ControlError: it is not the node that shows this code, or it refuses.
    """
    secret, check = halves(code)
    connection = PinnedConnection(address, None, ANSWER_S)
    try:
        connection.connect()
        if not hmac.compare_digest(check_value(secret, connection.fingerprint), check):
            raise ControlError(
                f"{address}: shows a certificate that this code is not of. Either the code is "
                "mistyped, or it is another computer, or somebody is between the two; nothing was "
                "sent to it; compare the code with what the node shows, and the address"
            )
        paired = _ask(connection, PairOrder(engine=engine, secret=secret))
    finally:
        connection.close()
    return KnownNode(
        name=paired.name,
        address=address,
        fingerprint=connection.fingerprint,
        token=paired.token,
    )


def _ask(connection: PinnedConnection, order: PairOrder) -> Paired:
    try:
        connection.request("POST", "/api/pair", encode(order), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read(MAX_BODY)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(
            f"{connection.address}: the node does not answer any more ({error}); try again"
        ) from error
    if answer.status == 200:
        return decode(Paired, data)
    try:
        problem = json.loads(data)
        text = f"{problem['text']}; {problem['remedy']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        text = f"answers {answer.status}; is it a node of Unisono?"
    shown = "".join(sign for sign in text if sign.isprintable())[:500]
    raise ControlError(f"{connection.address}: {shown}")


def rig_lines(node: KnownNode) -> str:
    """Write the `[[node]]` table for a rig file."""
    return (
        f'[[node]]\nname = "{node.name}"\naddress = "{node.address}"\n'
        f'fingerprint = "{node.fingerprint}"\n'
    )


def add_to_rig(node: KnownNode, path: Path) -> None:
    """Append the table to a rig file; of one that was set up anew, change the fingerprint.

    Raises:
        ConfigError: the file cannot be read or written, or another node has this name there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        after = f"{text.rstrip()}\n\n{rig_lines(node)}".lstrip()
        for before in parse_rig(text, path).nodes:
            if (before.name, before.address) == (node.name, node.address):
                after = text.replace(before.fingerprint, node.fingerprint)
        parse_rig(after, path)
        replace_file(path, after.encode())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be changed: {error}; add the lines yourself") from error
