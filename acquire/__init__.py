"""Everything live: devices as LSL streams, the recorder, the engine and the command line."""

__version__ = "0.2.0"
