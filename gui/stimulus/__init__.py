"""The stimulus player's window: what the participant sees, and how they answer."""

import os

# Qt lists every multimedia library that it does not find, before anybody can say not to.
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")
