"""What is on the network of what is to be recorded, as long as it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from acquire.lsl.origin import DEVICE
from acquire.lsl.streams import FoundStream, Refused, Resolver
from acquire.pump.selection import Selection, matches


class Network:
    """Resolvers: one for everything, and one for each predicate of a selection."""

    def __init__(self, selection: Selection, own: Callable[[], Mapping[str, str]]) -> None:
        """Ask for `selection` and for the streams of `own`: LSL uid → the device's name.

        Raises:
            ConfigError: LSL does not understand a predicate.
        """
        self._selection, self._own = selection, own
        self._all = Resolver()
        self._predicates = [Resolver(p) for p in dict.fromkeys(selection.predicates)]
        self._matched: dict[str, set[str]] = {}  # predicate → the uids that it has found
        self._refused: set[str] = set()  # uids of what cannot be received, given already

    def pause(self) -> None:
        """Ask no more, until `resume`; nothing is there meanwhile.

        A resolver asks on, and opens sockets, for as long as it is there: who keeps this object for
        a while would use up the ports of its computer's range.
        """
        for resolver in (self._all, *self._predicates):
            resolver.pause()

    def resume(self) -> None:
        """Ask again."""
        for resolver in (self._all, *self._predicates):
            resolver.resume()

    def seen(self) -> list[FoundStream]:
        """List everything, by name."""
        return sorted(self._all.found(), key=lambda s: s.key.name)

    def wanted(self) -> Iterator[tuple[FoundStream, str | None]]:
        """Give what is to be recorded, and whose it is where it is a device of the rig."""
        own = self._own()
        for found in self._all.found():
            if found.uid in own:
                yield found, own[found.uid]
            elif self._selection.everything or any(
                matches(expect, found) for expect in self._selection.expect
            ):
                yield found, None
        for resolver in self._predicates:
            for found in resolver.found():
                device = own.get(found.uid)
                if device != DEVICE:  # a predicate that matches our own events has found nothing
                    self._matched.setdefault(resolver.predicate or "", set()).add(found.uid)
                yield found, device

    def unmatched(self, known: Set[str]) -> list[str]:
        """List the predicates that have found none of the streams with these uids."""
        predicates = (resolver.predicate or "" for resolver in self._predicates)
        return [p for p in predicates if known.isdisjoint(self._matched.get(p, ()))]

    def refused(self) -> Iterator[Refused]:
        """Give, once, what cannot be received."""
        for stream in self._all.look():
            if isinstance(stream, Refused) and stream.uid not in self._refused:
                self._refused.add(stream.uid)
                yield stream
