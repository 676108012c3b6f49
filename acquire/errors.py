"""What can go wrong while acquiring.

::

    AcquireError
    ├── ConfigError        a rig file or an option is wrong; the message names file, key and remedy
    └── ControlError       a command cannot be carried out in the present state
        └── Unknown        what the command names does not exist
"""


class AcquireError(Exception):
    """Something live cannot go on; the message names the value, the limit and the remedy."""


class ConfigError(AcquireError):
    """A rig file or an option is wrong; the message names file, key and remedy."""


class ControlError(AcquireError):
    """A command cannot be carried out in the present state."""


class Unknown(ControlError):
    """What the command names does not exist."""
