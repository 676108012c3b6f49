"""The code that makes an engine and a node known to each other.

The first half is a secret that is made for this once; the second is a check value: the MAC of the
node's certificate under that secret. Whoever types the code carries both past the network. The
engine checks the certificate that it is shown before it says a word, and only then gives the secret
away, over TLS to that certificate. Somebody between the two would need a certificate of his own
with the same check value under a secret that he has never seen: one in 2^40, and no second try.
(Manual authentication by a short MAC, ISO/IEC 9798-6; see docs/adr/0023.)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

from acquire.errors import ConfigError

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U."""
HALF: Final = 8
GROUP: Final = 4
VALID_S: Final = 600.0
MAX_TRIES: Final = 5
_LOOK_ALIKE: Final = str.maketrans("ILO", "110", " -_\t")


def new_secret() -> str:
    """Make the secret half of a code: 40 bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(HALF))


def check_value(secret: str, fingerprint: str) -> str:
    """Return the other half: what only the certificate with this fingerprint has."""
    mac = hmac.digest(secret.encode(), bytes.fromhex(fingerprint), hashlib.sha256)
    number = int.from_bytes(mac[:5])
    return "".join(LETTERS[number >> shift & 31] for shift in range(35, -1, -5))


def code_of(secret: str, fingerprint: str) -> str:
    """Write a code as it is shown: four groups."""
    whole = secret + check_value(secret, fingerprint)
    return "-".join(whole[i : i + GROUP] for i in range(0, 2 * HALF, GROUP))


def halves(code: str) -> tuple[str, str]:
    """Read a code as somebody types it: secret and check value.

    Raises:
        ConfigError: it cannot be a code.
    """
    plain = code.upper().translate(_LOOK_ALIKE)
    if len(plain) != 2 * HALF or not set(plain) <= set(LETTERS):
        raise ConfigError(
            f"the code has {len(plain)} signs that count, expected {2 * HALF} letters and digits; "
            "type it as the node shows it"
        )
    return plain[:HALF], plain[HALF:]


class PairingWindow:
    """The time in which a node can be paired with: ten minutes, five wrong tries, one engine."""

    def __init__(self, fingerprint: str, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._secret = new_secret()
        self._until = now() + VALID_S
        self._tries = MAX_TRIES
        self._lock = threading.Lock()  # two tries at once are two
        self.code = code_of(self._secret, fingerprint)

    @property
    def is_open(self) -> bool:
        """Whether it still can be."""
        return self._tries > 0 and self._now() < self._until

    def admits(self, secret: str) -> bool:
        """Say whether a secret is right; a right one closes the window, like the fifth wrong."""
        with self._lock:
            if not self.is_open:
                return False
            right = hmac.compare_digest(secret.encode("utf-8", "replace"), self._secret.encode())
            self._tries = 0 if right else self._tries - 1
            return right
