"""Live processing: hears an ECG stream and publishes the heart rate as a stream of its own."""

from collections import deque

from devices.base import Channel, Chunk, Device, DeviceError, Settings, StreamQuery, StreamSpec


class HeartRateSettings(Settings):
    source: str  # the stream that has the ECG
    channel: str = "ECG"
    share: float = 0.5  # of the highest peak of late: a beat rises above it


class HeartRate(Device):
    Settings = HeartRateSettings
    summary = "heart rate from an ECG stream, beat by beat"
    resting = True  # a beat may be late: that is no fault of this device

    def open(self):
        self.beats = deque(maxlen=100)  # filled by `take`, emptied by `read`
        self.top, self.above, self.last = 0.0, False, None
        name = self.settings.name
        self.stream = StreamSpec(name, "HR", (Channel("HR", "1/min"),), 0.0, "float32")
        return [self.stream]

    def inputs(self):
        return [StreamQuery(name=self.settings.source)]

    def hear(self, stream, labels):
        if self.settings.channel not in labels:
            raise DeviceError(f"{stream} has no channel {self.settings.channel}")
        self.column = list(labels).index(self.settings.channel)

    def take(self, chunk):
        for time, value in zip(chunk.times, chunk.data[:, self.column], strict=True):
            self.top = max(value, self.top * 0.9995)
            above = value > self.settings.share * self.top
            if above and not self.above and (self.last is None or time - self.last > 0.3):
                if self.last is not None:
                    self.beats.append((time, 60.0 / (time - self.last)))
                self.last = time
            self.above = above

    def read(self):
        while True:
            while self.beats:
                time, rate = self.beats.popleft()
                yield Chunk.of(self.stream, time, [rate])
            self.clock.sleep_until(self.clock.now() + 0.02)
            yield None

    def close(self):
        """Nothing to free."""
