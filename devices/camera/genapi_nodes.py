"""The nodes of a camera opened through GenTL, by the `genicam` package that Harvesters uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from devices.base import DeviceError
from devices.camera.genicam_nodes import Kind, Limits, Value

T = TypeVar("T")

_KINDS: dict[str, Kind] = {
    "IBoolean": "boolean",
    "IInteger": "integer",
    "IFloat": "float",
    "IEnumeration": "enumeration",
    "IString": "string",
    "ICommand": "command",
}


class GenapiNodes:
    """A `genicam.genapi.NodeMap` as `genicam_nodes.Nodes`."""

    def __init__(self, node_map: Any, device: str) -> None:
        from genicam import genapi

        self._map = node_map
        self._device = device
        self._errors: type[Exception] = genapi.GenericException
        self._away = (genapi.EAccessMode.NA, genapi.EAccessMode.NI)

    def names(self) -> Sequence[str]:
        """Name the features, without the methods that the node map object has, too."""
        return [
            name
            for name in dir(self._map)
            if not name.startswith("_") and type(self._node(name)).__name__ in _KINDS
        ]

    def kind(self, name: str) -> Kind | None:
        """Say what a node is."""
        node = self._node(name)
        if node is None or self._asked(name, node.get_access_mode) in self._away:
            return None
        return _KINDS.get(type(node).__name__)

    def get(self, name: str) -> Value:
        """Read a node."""
        value: Value = self._asked(name, lambda: self._node(name).value)
        return value

    def set(self, name: str, value: Value) -> None:
        """Write a node; run it, if it is a command."""
        node = self._node(name)
        if type(node).__name__ == "ICommand":
            self._asked(name, node.execute)
        else:
            self._asked(name, lambda: setattr(node, "value", value))

    def limits(self, name: str) -> Limits:
        """Give the limits of an integer or float node."""
        node = self._node(name)
        low, high = self._asked(name, lambda: (node.min, node.max))
        try:
            return Limits(low, high, node.inc)
        except self._errors:  # float nodes may have no increment
            return Limits(low, high)

    def entries(self, name: str) -> Sequence[str]:
        """Give the values that an enumeration takes."""
        return self._asked(name, lambda: list(self._node(name).symbolics))

    def _node(self, name: str) -> Any:
        try:
            return getattr(self._map, name)
        except (self._errors, AttributeError):
            return None

    def _asked(self, name: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except self._errors as error:
            text = " ".join(str(error).split(" : ")[0].split())
            raise DeviceError(f"{self._device}: node {name}: {text}") from error
