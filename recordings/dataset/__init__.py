"""Sessions as arrays for models: windows of signals with masks and times, read when asked for."""
