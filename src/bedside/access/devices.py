"""The paired devices, in one small file that server and command line both change."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.access.folder import locked, write_private
from bedside.access.pairing import MOST_INVITATIONS, Invitation, checked_label, invitation, new_code, plain, sum_of
from bedside.access.role import Role, Who
from bedside.errors import AccessError

FILE, LOCK = "devices.json", "devices.lock"
MOST_DEVICES = 100
NS_PER_H = 3600 * clock.NS_PER_S
UNKNOWN_CODE = "this code is not known, was used before or is older than ten minutes; ask for a new one"


@dataclass(frozen=True, slots=True)
class Device:
    """A paired tablet. Times are wall times, ns."""

    id: str
    label: str
    role: Role
    sum: str
    """SHA-256 of its secret, hexadecimal; the secret lies in the tablet alone."""
    paired_ns: int
    seen_ns: int

    @property
    def who(self) -> Who:
        """As requests and the access log name it."""
        return Who(self.role, self.id, self.label)

    def has_ended(self, signed_in_h: float, now_ns: int) -> bool:
        """Whether it was not used for so long that it must be paired again; 0 is never."""
        return bool(signed_in_h) and now_ns - self.seen_ns > signed_in_h * NS_PER_H


@dataclass(slots=True)
class Book:
    """What stands in the file."""

    devices: list[Device] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)


class Devices:
    """The file in `folder`. Blocks for milliseconds: never on an event loop. Every method raises AccessError."""

    def __init__(self, folder: Path, signed_in_h: float = 0.0) -> None:
        """`signed_in_h`: hours without use after which a device has ended; 0 is never."""
        self._path, self._lock = folder / FILE, folder / LOCK
        self._signed_in_h = signed_in_h

    def mark(self) -> tuple[int, ...]:
        """Another one whenever the file is another one."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unreadable(error) from error
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def listed(self) -> list[Device]:
        """All devices, those that have ended too, in the order of their pairing."""
        return self._read().devices

    def invite(self, role: Role, label: str = "") -> str:
        """A code that pairs one tablet within ten minutes."""
        with self._changing() as book:
            if len(book.invitations) >= MOST_INVITATIONS:
                raise AccessError(f"{MOST_INVITATIONS} codes are open; wait ten minutes, or use one of them")
            code = new_code()
            book.invitations.append(invitation(code, role, label))
        return code

    def pair(self, code: str, label: str = "", instead_of: str = "") -> tuple[Device, str]:
        """A device for the tablet that shows `code`, and its secret. The code is used up; of two who show it, one wins.

        The label is the invitation's where none is given. `instead_of`: the id that this tablet had before.
        """
        label, sum_ = checked_label(label), sum_of(plain(code))
        with self._changing() as book:
            found = next((one for one in book.invitations if secrets.compare_digest(one.sum, sum_)), None)
            if found is None:
                raise AccessError(UNKNOWN_CODE)
            now_ns = clock.wall_ns()
            book.invitations.remove(found)
            book.devices = [
                one for one in book.devices if one.id != instead_of and not one.has_ended(self._signed_in_h, now_ns)
            ]
            if len(book.devices) >= MOST_DEVICES:
                raise AccessError(f"{MOST_DEVICES} devices are paired; revoke one that is no longer used first")
            secret = secrets.token_urlsafe(32)
            id_ = _new_id({one.id for one in book.devices})
            device = Device(id_, label or found.label, found.role, sum_of(secret), now_ns, now_ns)
            book.devices.append(device)
        return device, secret

    def revoke(self, id_: str) -> Device:
        """The device is none any more; its pages are closed."""
        with self._changing() as book:
            device = next((one for one in book.devices if one.id == id_), None)
            if device is None:
                raise AccessError(f"there is no device {id_[:40]!r}; `bedside access list` shows them")
            book.devices.remove(device)
        return device

    def saw(self, seen_ns: dict[str, int]) -> None:
        """When devices were last used, by their ids; what came in between wins."""
        with self._changing() as book:
            book.devices = [
                replace(one, seen_ns=max(one.seen_ns, seen_ns.get(one.id, 0))) if one.id in seen_ns else one
                for one in book.devices
            ]

    @contextmanager
    def _changing(self) -> Iterator[Book]:
        """The file's content; what is changed in it is written. Nobody else changes it meanwhile."""
        with locked(self._lock):
            book, now_ns = self._read(), clock.wall_ns()
            book.invitations = [one for one in book.invitations if one.is_open(now_ns)]
            yield book
            write_private(self._path, _text(book))

    def _read(self) -> Book:
        try:
            fields = json.loads(self._path.read_bytes())
            return Book(
                [_device(one) for one in fields["devices"]], [_invitation(one) for one in fields["invitations"]]
            )
        except FileNotFoundError:
            return Book()
        except OSError as error:
            raise self._unreadable(error) from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise AccessError(f"{self._path} is damaged ({error}); remove it, and pair the tablets again") from error

    def _unreadable(self, error: OSError) -> AccessError:
        return AccessError(f"{self._path} cannot be read: {error.strerror}")


def role_of(word: str) -> Role:
    """The role that is called so. Raises AccessError."""
    try:
        return Role[word.upper()] if word.islower() else Role[""]
    except KeyError:
        roles = [role.word for role in Role]
        raise AccessError(f"role is {word[:40]!r}; expected {', '.join(roles[:-1])} or {roles[-1]}") from None


def _new_id(taken: set[str]) -> str:
    while (id_ := secrets.token_hex(3)) in taken:
        pass
    return id_


def _text(book: Book) -> bytes:
    listed = {
        "devices": [asdict(one) | {"role": one.role.word} for one in book.devices],
        "invitations": [asdict(one) | {"role": one.role.word} for one in book.invitations],
    }
    return json.dumps(listed, indent=2).encode() + b"\n"


def _device(fields: dict[str, Any]) -> Device:
    return Device(
        str(fields["id"]),
        str(fields["label"]),
        Role[fields["role"].upper()],
        str(fields["sum"]),
        int(fields["paired_ns"]),
        int(fields["seen_ns"]),
    )


def _invitation(fields: dict[str, Any]) -> Invitation:
    return Invitation(str(fields["sum"]), Role[fields["role"].upper()], str(fields["label"]), int(fields["ends_ns"]))
