"""Stamps: clock offsets, what scatters about them, and stamps that cannot be true."""
