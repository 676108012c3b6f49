"""What can go wrong with files.

::

    RecordingError         a session or file cannot be read or written; the message has the remedy
    └── DiskFull           no space left on the session's disk
"""


class RecordingError(Exception):
    """A session or file cannot be read or written; the message names the remedy."""


class DiskFull(RecordingError):
    """The disk of the session is full; what was written so far has been closed properly."""
