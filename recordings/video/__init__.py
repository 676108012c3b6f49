"""Pixels and video files. Knows no manifest and no XDF."""
