"""A thermometer that is asked ten times a second."""

from devices.base import Channel, Chunk, Device, Settings, StreamSpec


class ThermometerSettings(Settings):
    port: int  # an unknown key in the rig file is an error by itself
    rate_hz: float = 10.0


class Thermometer(Device):
    Settings = ThermometerSettings
    summary = "a thermometer"

    def open(self):
        # Import the SDK and connect here; if that fails, import DeviceError above and raise it.
        channel = Channel("SKT", "degrees celsius", "SKT")
        name, rate_hz = self.settings.name, self.settings.rate_hz
        self.stream = StreamSpec(name, "Physio", (channel,), rate_hz, "float32")
        return [self.stream]

    def read(self):
        for due in self.ticks(self.settings.rate_hz):
            yield None if due is None else Chunk.of(self.stream, self.clock.now(), [self.measure()])

    def measure(self):
        return 33.5  # when the cable is out, import DeviceLost above and raise it

    def close(self):
        """Called in every case, possibly twice."""
