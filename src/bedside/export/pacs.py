"""Sends DICOM objects to an archive: C-ECHO, then C-STORE of each on one association."""

import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)
from pynetdicom import AE
from pynetdicom.association import Association

from bedside.errors import SessionError, SettingsError

ADDRESS = re.compile(r"(?P<ae_title>[!-\[\]-~]{1,16})@(?P<host>[^@\s]+):(?P<port>\d{1,5})")
VERIFICATION = UID("1.2.840.10008.1.1")
SENT = {UltrasoundImageStorage: ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage: JPEGBaseline8Bit}
"""What is asked for, each with how its pixels are written."""
CONNECT_S, ANSWER_S = 10, 60
WARNING = 0xB000
"""PS3.4 table B.2-1: statuses from here to 0xBFFF are stored, with a remark."""
REFUSALS = {
    0xA7: "it is out of resources, such as a full disk",
    0xA9: "it says that the object does not fit its kind",
    0xC0: "it says that it cannot understand the object",
    0x01: "it does not do that",
}
"""By the first byte of the status, PS3.4 B.2.3."""


@dataclass(frozen=True)
class Archive:
    """Where objects are sent to, and as whom."""

    ae_title: str
    host: str
    port: int
    calling: str

    def __str__(self) -> str:
        return f"{self.ae_title}@{self.host}:{self.port}"


def archive_at(address: str, calling: str) -> Archive:
    """The archive of an address `AE_TITLE@host:port`. Raises SettingsError."""
    found = ADDRESS.fullmatch(address.strip())
    if found is None or not 0 < int(found["port"]) < 65536:
        raise SettingsError(
            f"the archive's address is {address!r}; expected AE_TITLE@host:port, such as ORTHANC@127.0.0.1:4242, "
            "after --to-pacs or as [pacs] address"
        )
    return Archive(found["ae_title"], found["host"].strip("[]"), int(found["port"]), calling)


def echo(archive: Archive) -> None:
    """Asks whether the archive is there and talks to us. Raises SessionError that says why it does not."""
    link = _associated(archive, [(VERIFICATION, ExplicitVRLittleEndian)])
    try:
        status = link.send_c_echo()
    finally:
        _leave(link)
    if status.get("Status") != 0:
        raise SessionError(f"{archive} takes connections and does not answer an echo{_told(status)}")


def store(archive: Archive, paths: Sequence[Path]) -> Iterator[str]:
    """Sends files, one after the other; for each an empty text, or a sentence that says why it was not stored.

    Raises SessionError when the archive cannot be talked to at all.
    """
    kinds = {path: dcmread(path, specific_tags=["SOPClassUID"]).SOPClassUID for path in paths}
    link = _associated(archive, [(kind, SENT[kind]) for kind in sorted(set(kinds.values()))])
    is_there = True
    try:
        for path, kind in kinds.items():
            problem, is_there = _stored(archive, link, path, kind) if is_there else (f"{archive} was gone", False)
            yield problem
    finally:
        _leave(link)


def _associated(archive: Archive, wanted: Sequence[tuple[UID, UID]]) -> Association:
    _knock(archive)
    machine = AE(ae_title=archive.calling)
    machine.connection_timeout, machine.acse_timeout = CONNECT_S, CONNECT_S
    machine.dimse_timeout = machine.network_timeout = ANSWER_S
    for kind, syntax in wanted:
        machine.add_requested_context(kind, syntax)
    link = machine.associate(archive.host, archive.port, ae_title=archive.ae_title)
    if not link.is_established:
        raise SessionError(_why_not(archive, link))
    return link


def _knock(archive: Archive) -> None:
    """Is there anything at all? pynetdicom does not say why a connection could not be made."""
    place = f"{archive.host}:{archive.port}"
    try:
        socket.create_connection((archive.host, archive.port), CONNECT_S).close()
    except socket.gaierror as error:
        raise SessionError(f"the archive's host {archive.host!r} is not known: {error.strerror}") from error
    except OSError as error:
        raise SessionError(
            f"nothing takes DICOM connections at {place}: {error.strerror or error}; is the archive running, "
            "is the port right?"
        ) from error


def _why_not(archive: Archive, link: Association) -> str:
    answer = link.acceptor.primitive
    if link.is_rejected and answer is not None:
        reason = str(answer.reason_str).lower()
        if "called ae" in reason:
            return f"{archive.host}:{archive.port} is not called {archive.ae_title!r}; write its own AE title before @"
        if "calling ae" in reason:
            return f"{archive} does not know us; let it take what {archive.calling!r} ([pacs] ae_title) sends"
        return f"{archive} refused the connection: {reason}"
    if link.rejected_contexts:
        return f"{archive} takes no ultrasound pictures of the kind that Bedside sends"
    return f"{archive} was connected and did not answer in {CONNECT_S} s as an archive does"


def _stored(archive: Archive, link: Association, path: Path, kind: UID) -> tuple[str, bool]:
    """Why an object was not stored, if it was not, and whether another one can be sent."""
    if kind not in [context.abstract_syntax for context in link.accepted_contexts]:
        return f"{archive} takes no {kind.name}", True
    try:
        status = link.send_c_store(path)
    except (ValueError, RuntimeError, OSError, AttributeError) as error:
        return f"it could not be sent: {error}", link.is_established
    code = status.get("Status")
    if code is None:
        return f"{archive} ended the connection, or did not answer within {ANSWER_S} s", False
    if code == 0 or WARNING <= code <= WARNING | 0xFFF:
        return "", True
    return f"{archive} did not store it{_told(status)}", True


def _told(status: Dataset) -> str:
    """What a status means, for the end of a sentence."""
    code = status.get("Status")
    if code is None:
        return f": no answer within {ANSWER_S} s"
    reason = REFUSALS.get(code >> 8, REFUSALS[0xC0] if code >> 12 == 0xC else "it failed")
    comment = str(status.get("ErrorComment", "")).strip()
    return f": {reason} (status 0x{code:04X}{', ' + comment if comment else ''})"


def _leave(link: Association) -> None:
    if link.is_established:
        link.release()
    else:
        link.abort()
