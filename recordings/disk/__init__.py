"""Bytes to the disk, whole and in time. Knows no format."""
