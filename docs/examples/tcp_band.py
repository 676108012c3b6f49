"""A breathing belt behind TCP: lines `microseconds,value`, with a clock of its own."""

from devices.base import Channel, Chunk, Device, Settings, StreamSpec
from devices.network.connection import Connection


class TcpBandSettings(Settings):
    host: str
    port: int


class TcpBand(Device):
    Settings = TcpBandSettings
    summary = "a breathing belt over TCP"
    connection = None

    def open(self):
        s, channels = self.settings, (Channel("RSP", "a.u.", "RSP"),)
        self.connection = Connection(s.host, s.port, wait_s=3.0, remedy="start the belt's program")
        self.stream = StreamSpec(s.name, "Physio", channels, 50.0, "float32")
        return [self.stream]

    def read(self):
        rest, lost = b"", 0
        while True:
            *lines, rest = (rest + self.connection.read()).split(b"\n")  # DeviceLost at its end
            for line in lines:
                try:
                    micros, value = map(float, line.split(b","))
                except ValueError:
                    lost += 1  # a line that is none is a sample that is lost
                    continue
                now, own = self.clock.now(), micros * 1e-6
                yield Chunk.of(self.stream, now, [value], device_time=own, lost=lost)
                lost = 0
            yield None

    def close(self):
        self.connection and self.connection.close()
