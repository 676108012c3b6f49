"""The engine for many callers at once: daemon, remote control, recovery."""
