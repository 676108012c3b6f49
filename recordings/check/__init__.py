"""Measures a session and says what it finds. Writes no file."""
