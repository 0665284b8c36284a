"""Codes that make a tablet a device: typed or in a QR code, good for ten minutes and for one tablet."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from bedside import clock
from bedside.access.role import Role
from bedside.errors import AccessError

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No I, O, 0 and 1: nobody mistakes one for another."""
CODE_LETTERS = 8
"""40 bits: at 30 tries a minute, the chance to find one within its ten minutes is 3 in 10^10."""
CODE_LASTS_S = 600
MOST_LABEL = 40
MOST_INVITATIONS = 50


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a code is good for. The code itself is kept nowhere."""

    sum: str
    """SHA-256 of the code, hexadecimal."""
    role: Role
    label: str
    ends_ns: int
    """Wall time from which on it is good for nothing."""

    def is_open(self, now_ns: int) -> bool:
        """Whether a tablet can still be paired with it; not where the clock was set back by more than it lasts."""
        return 0 < self.ends_ns - now_ns <= CODE_LASTS_S * clock.NS_PER_S


def new_code() -> str:
    """A code as a person reads it, such as `K7QF-2MXR`."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
    return f"{letters[:4]}-{letters[4:]}"


def sum_of(secret: str) -> str:
    """SHA-256 of a secret, hexadecimal."""
    return sha256(secret.encode(errors="backslashreplace")).hexdigest()


def plain(code: str) -> str:
    """A code as it is compared: in capitals, without what people type between its letters."""
    return "".join(letter for letter in code.upper() if letter not in " -\u2013\u2014.\t\n")


def invitation(code: str, role: Role, label: str = "") -> Invitation:
    """What `code`, a new one, is good for from now on."""
    return Invitation(sum_of(plain(code)), role, checked_label(label), clock.wall_ns() + CODE_LASTS_S * clock.NS_PER_S)


def checked_label(label: str) -> str:
    """What a device is called. Raises AccessError for what does not fit on a page's line."""
    label = label.strip()
    if len(label) > MOST_LABEL or not all(letter.isprintable() for letter in label):
        raise AccessError(
            f"the label is {label[:MOST_LABEL]!r}; expected at most {MOST_LABEL} printable characters, "
            "such as tablet at bed 2"
        )
    return label
