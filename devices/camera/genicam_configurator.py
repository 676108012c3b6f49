"""How nodes of a GenICam camera are set, checked and read back.

`configure` asks for values and believes only what it reads back:

- Size, pixel format, switches and names must be what was asked for, or it is an error: the file
  depends on them.
- A rate that ends up more than 1 % off is an error that names both rates.
- Other numbers are rounded by nearly every camera. What the camera took goes into the stream's
  description, into every frame (`exposure_us`), and as a warning into the log.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, Sequence

from devices.base import DeviceError
from devices.camera.genicam_nodes import Configured, GenicamSettings, Kind, Nodes, Value

log = logging.getLogger(__name__)

RATE_TOLERANCE = 0.01
ROUNDING = 1e-3  # relative: less is not worth a word

# Nodes that several generations of the naming convention call differently, newest first.
EXPOSURE = ("ExposureTime", "ExposureTimeAbs")
GAIN = ("Gain", "GainAbs")
RATE = ("AcquisitionFrameRate", "AcquisitionFrameRateAbs")
RATE_SWITCH = ("AcquisitionFrameRateEnable", "AcquisitionFrameRateEnabled")
RATE_RESULT = ("ResultingFrameRate", "ResultingFrameRateAbs", "AcquisitionResultingFrameRate")

_ALIASES = {"RGB8Packed": "RGB8"}


class Configurator:
    """Sets nodes of one camera, checks, reads back, and remembers what was rounded."""

    def __init__(self, device: str, nodes: Nodes) -> None:
        self._device = device
        self._nodes = nodes
        self.notes: list[str] = []

    def configure(self, s: GenicamSettings) -> Configured:
        """Set all that the settings ask for, named settings first, then `nodes` in their order.

        Raises:
            DeviceError: a value cannot be had; the message gives the range and the step.
        """
        self._set_size(s)
        if s.exposure_us is not None:
            self.set_exposure(s.exposure_us)
        if s.gain_db is not None:
            self.set_gain(s.gain_db)
        if s.rate_hz is not None and not s.triggered:
            self._set_rate(s.rate_hz)
        for name, value in s.nodes.items():
            self.set(name, value, f"nodes.{name}")
        self._check_trigger(s)
        name = str(self._nodes.get("PixelFormat"))
        return Configured(
            width=int(self._nodes.get("Width")),
            height=int(self._nodes.get("Height")),
            pixel_format=_ALIASES.get(name, name),
            rate_hz=self._rate(s),
            exposure_us=self._number(EXPOSURE),
            gain_db=self._number(GAIN),
            notes=tuple(self.notes),
        )

    def set_exposure(self, exposure_us: float) -> float:
        """Switch the automatic exposure off, set the time in µs, give what the camera took."""
        name = self._one_of(EXPOSURE, "exposure_us")
        self._switch("ExposureAuto", "Off")
        return float(self.set(name, exposure_us, "exposure_us"))

    def set_gain(self, gain_db: float) -> float:
        """Switch the automatic gain off, set the gain in dB, give what the camera took."""
        name = self._one_of(GAIN, "gain_db")
        self._switch("GainAuto", "Off")
        return float(self.set(name, gain_db, "gain_db"))

    def set(self, name: str, value: Value, key: str) -> Value:
        """Set one node and give what the camera took; `key` is the name for messages."""
        kind = self._nodes.kind(name)
        if kind is None:
            raise self._error(f"{key}: {self._unknown(name)}")
        if kind == "command":
            if value is not True:
                raise self._error(f"{key} is a command; `{name} = true` runs it")
            self._nodes.set(name, True)
            return True
        asked = self._fitting(name, kind, value, key)
        self._nodes.set(name, asked)
        took = self._nodes.get(name)
        self._compare(key, kind, asked, took)
        return took

    def _set_size(self, s: GenicamSettings) -> None:
        if s.pixel_format is not None:
            self.set("PixelFormat", s.pixel_format, "pixel_format")
        if s.width is not None or s.height is not None:
            # An offset left by somebody else would narrow the range of the size.
            self._switch("OffsetX", 0)
            self._switch("OffsetY", 0)
        sizes = (("Width", s.width, "width"), ("Height", s.height, "height"))
        offsets = (("OffsetX", s.offset_x, "offset_x"), ("OffsetY", s.offset_y, "offset_y"))
        for name, value, key in (*sizes, *offsets):
            if value is not None:
                self.set(name, value, key)

    def _set_rate(self, rate_hz: float) -> None:
        for switch in RATE_SWITCH:
            self._switch(switch, True)
        name = next((n for n in RATE if self._nodes.kind(n)), None)
        if name is None:
            self.notes.append(f"rate_hz: the camera has no node for it; {rate_hz:g} is nominal")
            return
        self.set(name, rate_hz, "rate_hz")

    def _check_trigger(self, s: GenicamSettings) -> None:
        """Refuse a camera that was left waiting for a trigger: it would look dead."""
        waits = self._nodes.kind("TriggerMode") and self._nodes.get("TriggerMode") == "On"
        if waits and not s.triggered:
            raise self._error(
                "the camera is set to wait for a trigger, and the rig does not say so; add "
                'nodes = { TriggerMode = "Off" }, or "On" together with rate_hz'
            )

    def _rate(self, s: GenicamSettings) -> float:
        """Give the rate that the camera will really have, if it is the one that was asked for."""
        if s.triggered or (s.rate_hz and self._number(RATE) is None):
            if s.rate_hz is None:
                raise self._error(
                    "rate_hz is missing: with TriggerMode = On the camera cannot know"
                )
            return s.rate_hz
        rate = self._number(RATE_RESULT) or self._number(RATE)
        if rate is None:
            raise self._error("rate_hz is missing: this camera does not tell its rate")
        if s.rate_hz and abs(rate / s.rate_hz - 1) > RATE_TOLERANCE:
            raise self._error(
                f"rate_hz = {s.rate_hz:g}, but the camera makes {rate:.6g}; shorten exposure_us, "
                "take a smaller picture or fewer bits, or set rate_hz to that"
            )
        return rate

    def _fitting(self, name: str, kind: Kind, value: Value, key: str) -> Value:
        """Give the value in the node's type, or say what would fit."""
        if kind == "enumeration":
            entries = self._nodes.entries(name)
            if value not in entries:
                raise self._error(
                    f"{key} = {value!r} is not offered; use {_choice(value, entries)}"
                )
            return value
        wanted = {"boolean": "true or false", "string": "a text in quotes"}.get(kind, "a number")
        fits = isinstance(value, bool if kind == "boolean" else str if kind == "string" else float)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if kind in ("integer", "float"):
            fits = whole or (isinstance(value, float) and (kind == "float" or value.is_integer()))
        if not fits:
            raise self._error(f"{key} = {value!r} does not fit the node {name}; it takes {wanted}")
        if kind not in ("integer", "float"):
            return value
        number = int(value) if kind == "integer" else float(value)
        self._check_limits(name, number, key)
        return number

    def _check_limits(self, name: str, value: float, key: str) -> None:
        limits = self._nodes.limits(name)
        if not limits.low <= value <= limits.high:
            raise self._error(f"{key} = {value:.10g} is out of range; the camera takes {limits}")
        if isinstance(value, int) and limits.step > 1 and (value - limits.low) % limits.step:
            below = value - (value - limits.low) % limits.step
            above = below + limits.step
            near = f"{below:g} or {above:g}" if above <= limits.high else f"{below:g}"
            raise self._error(f"{key} = {value} is between steps; take {near} ({limits})")

    def _compare(self, key: str, kind: Kind, asked: Value, took: Value) -> None:
        if took == asked:
            return
        if kind != "float":
            raise self._error(f"{key} = {asked!r} was set, but the camera has {took!r}")
        if abs(float(took) - float(asked)) > ROUNDING * abs(float(asked)):
            note = f"{key}: asked for {asked:g}, the camera took {float(took):g}"
            log.warning("%s: %s", self._device, note)
            self.notes.append(note)

    def _switch(self, name: str, value: Value) -> None:
        """Set a node that not every camera has."""
        if self._nodes.kind(name) is not None and self._nodes.get(name) != value:
            self.set(name, value, name)

    def _number(self, names: Sequence[str]) -> float | None:
        name = next((n for n in names if self._nodes.kind(n)), None)
        return None if name is None else float(self._nodes.get(name))

    def _one_of(self, names: Sequence[str], key: str) -> str:
        for name in names:
            if self._nodes.kind(name):
                return name
        word = names[0][:4].lower()
        similar = [n for n in self._nodes.names() if word in n.lower() and self._nodes.kind(n)]
        hint = (
            f"set its own node in `nodes`: {', '.join(similar[:6])}" if similar else "leave it out"
        )
        raise self._error(f"{key}: this camera has no node {' or '.join(names)}; {hint}")

    def _unknown(self, name: str) -> str:
        names = list(self._nodes.names())
        if name in names:
            return f"the node {name} is not available in this state of the camera"
        folded = {n.lower(): n for n in names}
        near = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(folded[n] for n in near)}?" if near else "see its manual"
        return f"the camera has no node {name!r}; {hint}"

    def _error(self, text: str) -> DeviceError:
        return DeviceError(f"{self._device}: {text}")


def _choice(value: Value, entries: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(value), entries, n=2, cutoff=0.5)
    rest = [entry for entry in entries if entry not in near]
    return " or ".join([*near, *rest][:12]) or "nothing: the camera offers none"


def change_for(device: str, name: str, args: Mapping[str, object]) -> tuple[str, float]:
    """Give the setting and the value that a command asks for.

    Raises:
        DeviceError: a camera has no such command, or the value is no number.
    """
    key = {"exposure": "exposure_us", "gain": "gain_db"}.get(name)
    if key is None or set(args) != {key}:
        raise DeviceError(
            f"{device}: unknown command {name!r} {dict(args)}; this camera knows: "
            "exposure, with exposure_us, and gain, with gain_db"
        )
    value = args[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DeviceError(f"{device}: {key} = {value!r} is not a number")
    return key, float(value)
