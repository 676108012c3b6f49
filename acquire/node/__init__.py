"""Devices on another computer: the program there, and the engine's side of it."""
