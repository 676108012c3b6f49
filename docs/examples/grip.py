"""A force sensor whose SDK calls us back, in a thread of its own."""

import queue
import threading

from devices.base import Channel, Chunk, Device, Settings, StreamSpec


class Grip(Device):
    Settings = Settings
    summary = "a grip force sensor"

    def open(self):
        self.came = queue.Queue(maxsize=1000)  # bounded: what does not fit is counted
        self.dropped = 0
        self.sdk = FakeSdk(self.heard)
        self.stream = StreamSpec(
            self.settings.name, "Force", (Channel("grip", "newtons"),), 50.0, "float32"
        )
        return [self.stream]

    def heard(self, newtons):
        try:
            self.came.put_nowait((self.clock.now(), newtons))
        except queue.Full:
            self.dropped += 1

    def read(self):
        while True:
            try:
                time, newtons = self.came.get(timeout=0.1)
            except queue.Empty:
                yield None
                continue
            lost, self.dropped = self.dropped, 0
            yield Chunk.of(self.stream, time, [newtons], lost=lost)

    def close(self):
        if sdk := getattr(self, "sdk", None):
            sdk.stop()


class FakeSdk:
    """In place of a vendor's: calls back 50 times a second."""

    def __init__(self, callback):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(callback,), daemon=True)
        self.thread.start()

    def run(self, callback):
        while not self.ended.wait(0.02):
            callback(12.5)

    def stop(self):
        self.ended.set()
        self.thread.join()
