"""Sound in blocks: what a microphone announces and yields."""
