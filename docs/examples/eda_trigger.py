"""Live processing, closed loop: sets a marker, which a trigger box sends, when EDA rises."""

from collections import deque

from devices.base import Channel, Chunk, Device, DeviceError, Settings, StreamQuery, StreamSpec


class EdaTriggerSettings(Settings):
    source: str
    channel: str = "EDA"
    rise: float = 0.05  # microsiemens above the lowest of the last second
    code: int = 7
    rest_s: float = 2.0  # between two triggers


class EdaTrigger(Device):
    Settings = EdaTriggerSettings
    summary = "a marker whenever EDA rises"
    resting = True

    def open(self):
        self.rises, self.recent, self.last = deque(maxlen=100), deque(), float("-inf")
        name = self.settings.name
        self.stream = StreamSpec(name, "Markers", (Channel("marker"),), 0.0, "string")
        return [self.stream]

    def inputs(self):
        return [StreamQuery(name=self.settings.source)]

    def hear(self, stream, labels):
        if self.settings.channel not in labels:
            raise DeviceError(f"{stream} has no channel {self.settings.channel}")
        self.column = list(labels).index(self.settings.channel)

    def take(self, chunk):
        for time, value in zip(chunk.times, chunk.data[:, self.column], strict=True):
            while self.recent and self.recent[-1][1] >= value:  # it rises: its first is the lowest
                self.recent.pop()
            self.recent.append((time, value))
            while self.recent[0][0] < time - 1.0:
                self.recent.popleft()
            rise = value - self.recent[0][1]
            if rise > self.settings.rise and time - self.last > self.settings.rest_s:
                self.last = time
                self.rises.append(time)

    def read(self):
        while True:
            while self.rises:
                self.rises.popleft()
                yield Chunk.of(self.stream, self.clock.now(), [str(self.settings.code)])
            self.clock.sleep_until(self.clock.now() + 0.001)
            yield None

    def close(self):
        """Nothing to free."""
