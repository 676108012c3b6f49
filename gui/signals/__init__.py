"""Samples made ready for the eye. No widget."""
