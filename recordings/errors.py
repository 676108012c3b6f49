"""What can go wrong with files.

::

    RecordingError         a session or file cannot be read or written; the message has the remedy
    ├── DiskFull           no space left on the session's disk
    ├── NotWritten         a report has no place to be written to
    └── RunTaken           the run that is asked for exists already
"""


class RecordingError(Exception):
    """A session or file cannot be read or written; the message names the remedy."""


class DiskFull(RecordingError):
    """The disk of the session is full; what was written so far has been closed properly."""


class NotWritten(RecordingError):
    """The report cannot be written where it belongs; what it says is known all the same."""


class RunTaken(RecordingError):
    """The run that is asked for exists already; no number is used twice."""
