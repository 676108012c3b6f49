"""Coded expressions: what was seen, by whom, and how far coders agree."""
