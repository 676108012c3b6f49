"""Codings in other people's files: read and written."""
