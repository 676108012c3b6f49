"""One node of a rig, as the engine keeps up with it: one run, orders down, messages up.

A thread polls for messages, another sends what waits. Orders go out until the node has taken them:
their numbers make a repetition harmless, so a cut cable costs no order, only time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from acquire.errors import AcquireError, ControlError
from acquire.lasting_thread import LastingThread
from acquire.lsl.clock import local_clock
from acquire.node.client import ANSWER_S, NodeClient, NodeRefused, client_of
from acquire.node.clock import compare
from acquire.node.engine.inbox import Inbox, Listener
from acquire.node.engine.orders import Order, OrderQueue
from acquire.node.engine.snapshot import NodeSnapshot, NodeState
from acquire.node.pairing.pinned import Unreachable
from acquire.node.wire.coding import request_text, requests_text
from acquire.node.wire.models import Messages, NodeInfo, RecordingState, RunOrder
from acquire.processes.messages import ArmVideo, Command, TakePreview
from acquire.rig.node import NodeTable
from recordings.manifest_entries import Level

BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
POLL_S = 2.0
"""How long the node waits for something to say; a cut shows `ANSWER_S` after that."""
LOOK_S = 2.0
"""How often the node is asked about its disk and its clock."""
GOODBYE_S = 8.0
"""How long the node may take to close its devices."""
LAST_ORDERS_S = 1.0
"""How long the last orders may take to the node: one that does not take them hangs."""
_NOT_DONE = (400, 409, 413, 422)
"""What the node says of requests that it will never carry out."""


class Connection:
    """Keeps up with one node; `close` ends its run there."""

    def __init__(
        self,
        table: NodeTable,
        run_id: str,
        order: Callable[[str | None], RunOrder],
        may_adopt: Callable[[str], bool],
        tell: Callable[[Level, str, str], None],
        back: Callable[[Iterable[str]], None] = lambda devices: None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            table: how to get at it.
            run_id: of this engine's run, the same for all its life.
            order: makes the order from this computer's address as the node sees it.
            may_adopt: whether a session that the node still records was left by a dead engine.
            tell: hears level, code and text of what happens, from any thread.
            back: gets the devices once the node is reached again under the same run; does not wait.
        """
        self.name = table.name
        self.table = table
        self._path = f"/api/node/runs/{run_id}"
        self._run_id = run_id
        self._order = order
        self._may_adopt = may_adopt
        self._tell = tell
        self._back = back
        self._inbox = Inbox(table.name, tell)
        self._orders = OrderQueue(table.name)
        # Guards the state and the clients, which both threads change; never held while anything is
        # told.
        self._lock = threading.Lock()
        self._snapshot = NodeSnapshot(table.name, table.address, since=local_clock())
        self._clients = set[NodeClient]()
        self._entered = False  # the node has had this run's order once
        self._is_taken = False  # the node works for another engine, and the links know
        self._failures = 0
        self._closing = threading.Event()
        name = f"node {table.name}"
        self._poller = LastingThread(name, self._poll, self._closing, self._complain)
        self._sender = LastingThread(f"{name} orders", self._send, self._closing, self._complain)

    @property
    def snapshot(self) -> NodeSnapshot:
        """The newest state."""
        return self._snapshot

    def attach(self, device: str, link: Listener) -> None:
        """Have a device's messages go to its link."""
        self._inbox.links[device] = link

    def start(self) -> None:
        """Connect, and go on trying."""
        self._poller.start()
        self._sender.start()

    def post(self, device: str, number: int, body: Any) -> None:
        """Send a request; while the node is not reached it waits.

        Raises:
            ControlError: the node is not reached, and the request makes sense now or never; or too
                many wait.
            WireError: it has no form on the wire.
        """
        text = request_text(device, number, body)
        if not self._orders.put(Order(device, number, isinstance(body, _MOMENTARY), text)):
            raise ControlError(
                f"{device}: {self._snapshot.trouble or f'node {self.name} is away'}; try again"
            )

    def close(self) -> None:
        """End the run in good order, if the node answers; its devices are closed there.

        One that hangs is left to itself, and goes on: the next engine, or who collects, ends it.
        """
        are_taken = self._orders.end(LAST_ORDERS_S)  # the stop of a recording is one of them
        was_connected = self._snapshot.connected
        self._closing.set()
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            client.abandon()
        for thread in (self._poller, self._sender):
            thread.end(2 * ANSWER_S)  # connecting takes no longer
        if was_connected and are_taken:
            self._say_goodbye()
        elif was_connected:
            text = f"node {self.name}: does not answer; the next engine ends what runs there"
            self._tell("warning", "node-not-ended", text)
        self._enter_state(NodeState.CLOSED)

    def _say_goodbye(self) -> None:
        try:
            with client_of(self.table) as client:
                client.tell("DELETE", self._path, timeout_s=GOODBYE_S)
        except AcquireError as error:
            self._tell("warning", "node-not-ended", str(error))

    def _complain(self, text: str) -> None:
        self._tell("error", "internal", text)

    @contextlib.contextmanager
    def _client(self) -> Iterator[NodeClient]:
        """Connect for the thread that asks, until `close` takes the client from it."""
        with client_of(self.table) as client:
            with self._lock:
                self._clients.add(client)
            try:
                yield client
            finally:
                with self._lock:
                    self._clients.discard(client)

    # The thread that polls.

    def _poll(self) -> None:
        while not self._closing.is_set():
            try:
                with self._client() as client:
                    self._enter(client)
                    self._listen(client)
                return
            except Unreachable as error:
                if self._closing.is_set():
                    return
                self._away(NodeState.UNREACHABLE, str(error))
            except AcquireError as error:  # not paired, another certificate, not for this engine
                self._away(NodeState.REFUSED, str(error))
            # Longer from time to time: a node that is away would only be asked in vain.
            self._closing.wait(BACKOFF_S[min(self._failures, len(BACKOFF_S)) - 1])

    def _enter(self, client: NodeClient) -> None:
        """Have the node work for this engine: at first, and after it was away."""
        info = self._look(client)
        if self._entered and info.run_id == self._run_id:
            self._enter_state(NodeState.CONNECTED)
            return
        if self._entered:
            self._lose_run(info)
        adopt = "?adopt=true" if self._leaves_a_run(info) else ""
        order = self._order(client.local_host)
        info = client.ask("PUT", self._path + adopt, NodeInfo, order, GOODBYE_S)
        if adopt:
            text = f"node {self.name}: what an engine that died had recorded there is ended"
            self._tell("warning", "node-adopted", text)
        self._inbox.begin()
        self._entered = True
        self._note(info=info)
        self._enter_state(NodeState.CONNECTED)

    def _leaves_a_run(self, info: NodeInfo) -> bool:
        """Say whether the node still records for an engine that is dead."""
        if info.run_id in (None, self._run_id) or not info.recording:
            return False
        sessions = {
            kept.session
            for kept in info.kept
            if kept.run_id == info.run_id and kept.state is RecordingState.RECORDING
        }
        return bool(sessions) and all(self._may_adopt(session) for session in sessions)

    def _lose_run(self, info: NodeInfo) -> None:
        """Tell everybody that the node has forgotten this run: it was started anew, or taken."""
        if info.run_id is not None:
            text = f"node {self.name} works for another engine now ({info.engine or 'unnamed'})"
            if not self._is_taken:  # once: what dies again and again is left alone
                self._is_taken = True
                self._forget_orders(text)
            raise NodeRefused(f"{text}; end that one", 409)
        said = "is free again" if self._is_taken else "was started anew"
        self._entered = self._is_taken = False
        self._forget_orders(f"node {self.name} {said}")

    def _forget_orders(self, text: str) -> None:
        self._orders.forget()
        self._inbox.lose(text)

    def _listen(self, client: NodeClient) -> None:
        looked = local_clock()
        while not self._closing.is_set():
            path = f"{self._path}/messages?after={self._inbox.last}&wait_s={POLL_S:g}"
            try:
                said = client.ask("GET", path, Messages, timeout_s=POLL_S + ANSWER_S)
            except NodeRefused as error:
                if error.status != 404:
                    raise
                self._enter(client)  # the node does not know this run any more
                continue
            self._inbox.take(said)
            if local_clock() - looked > LOOK_S:
                looked = local_clock()
                self._look(client)

    def _look(self, client: NodeClient) -> NodeInfo:
        """Ask how the node is, and compare clocks."""
        info = client.ask("GET", "/api/node", NodeInfo)
        self._note(info=info, clock=compare(client))
        return info

    # States.

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)

    def _enter_state(self, state: NodeState, why: str | None = None) -> bool:
        """Note a state; whether it is another one than before."""
        before = self._snapshot
        if state is before.state and why == before.why:
            return False
        since = before.since if state is before.state else local_clock()
        if state is NodeState.CONNECTED:
            self._failures = 0
            self._orders.release()  # before anybody sees the state, and orders by it
        self._note(state=state, why=why, since=since)
        is_back = state is NodeState.CONNECTED and before.state is NodeState.UNREACHABLE
        if is_back and before.info is not None:
            seconds = local_clock() - before.since
            text = f"node {self.name} is reached again, after {seconds:.0f} s"
            self._tell("info", "node-back", text)
            self._back(tuple(self._inbox.links))
        return state is not before.state

    def _away(self, state: NodeState, why: str) -> None:
        self._failures += 1
        momentary = self._orders.hold()  # before anybody sees the state, and orders by it
        if self._enter_state(state, why):
            self._tell("warning", f"node-{state}", why)
        for order in momentary:
            self._inbox.refuse(order, why)

    # The thread that sends.

    def _send(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(AcquireError), self._client() as client:
                self._send_all(client)
            # Why it failed is what the thread that polls finds out as well.
            self._closing.wait(BACKOFF_S[0])

    def _send_all(self, client: NodeClient) -> None:
        while batch := self._orders.next_batch():
            try:
                body = requests_text(order.text for order in batch)
                client.tell("POST", f"{self._path}/requests", body)
            except NodeRefused as error:
                if error.status not in _NOT_DONE:
                    raise
                for order in batch:
                    self._inbox.refuse(order, str(error))
            self._orders.taken(batch)


_MOMENTARY = (ArmVideo, Command, TakePreview)
"""What makes sense now or never: nobody waits for it any more once the node is back."""
