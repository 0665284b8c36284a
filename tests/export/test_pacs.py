"""Sending to an archive: Orthanc, and archives that behave badly."""

import io
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, JPEGBaseline8Bit, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage
from pynetdicom import AE, build_role, evt
from tests.orthanc import Orthanc, free_port

from bedside.errors import SessionError, SettingsError
from bedside.export import pacs
from bedside.export.dicom import Span, write_clips, write_pictures
from bedside.export.dicom_about import about
from bedside.export.pacs import Archive, archive_at, echo, store
from bedside.export.shots import Answers, Selection, kept_items, rows_between
from bedside.export.target import Target
from bedside.session.recorded import Recorded

FIND, GET = UID("1.2.840.10008.5.1.4.1.2.2.1"), UID("1.2.840.10008.5.1.4.1.2.2.3")
"""Study Root Query/Retrieve."""
OUT_OF_RESOURCES, CANNOT_UNDERSTAND, COERCED = 0xA700, 0xC001, 0xB000


@pytest.fixture(scope="module")
def written(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Objects of both kinds."""
    target, of = Target(tmp_path_factory.mktemp("dicom") / "out"), about(recorded)
    items = kept_items(recorded)
    write_pictures(target, of, Selection(recorded, Answers(recorded), items), lambda: None)
    write_clips(target, of, [item for _, item in items if item.clip], lambda: None)
    Span(recorded, rows_between(recorded, 0.0, 1.0)).write(target, of, lambda: None)
    return target.written


@contextmanager
def archive(
    on_store: Callable[[evt.Event], int] = lambda event: 0,
    *,
    takes: tuple[UID, ...] = (UltrasoundImageStorage, UltrasoundMultiFrameImageStorage),
    knows: list[str] | None = None,
) -> Iterator[Archive]:
    """An archive that answers as it is told to."""
    machine = AE(ae_title="ARCHIVE")
    machine.add_supported_context(pacs.VERIFICATION)
    for kind in takes:
        machine.add_supported_context(kind, pacs.SENT[kind])
    if knows is not None:
        machine.require_calling_aet = knows
    server = machine.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)])
    assert server is not None
    try:
        yield archive_at(f"ARCHIVE@127.0.0.1:{server.server_address[1]}", "BEDSIDE")
    finally:
        server.shutdown()


def test_orthanc_gives_back_the_very_pixels(orthanc: Orthanc, written: list[Path]) -> None:
    """Stored, each object is found by its UID, and the file that Orthanc gives has the pixels that we sent."""
    target = archive_at(orthanc.address, "BEDSIDE")
    echo(target)
    assert list(store(target, written)) == [""] * len(written)
    there = {
        orthanc.get(f"/instances/{one}")["MainDicomTags"]["SOPInstanceUID"]: one for one in orthanc.get("/instances")
    }
    for path in written:
        ours = pydicom.dcmread(path)
        theirs = pydicom.dcmread(io.BytesIO(orthanc.raw(f"/instances/{there[ours.SOPInstanceUID]}/file")))
        assert theirs.PixelData == ours.PixelData
        assert np.array_equal(pixel_array(theirs), pixel_array(ours))
        assert orthanc.raw(f"/instances/{there[ours.SOPInstanceUID]}/preview").startswith(b"\x89PNG")


def test_orthanc_is_asked_as_a_viewer_asks(orthanc: Orthanc, written: list[Path]) -> None:
    """C-FIND by the participant's code gives one study of two series; C-GET of a clip brings its frames."""
    list(store(archive_at(orthanc.address, "BEDSIDE"), written))
    got: list[Dataset] = []

    def take(event: evt.Event) -> int:
        got.append(event.dataset)
        return 0

    machine = AE(ae_title="VIEWER")
    machine.add_requested_context(FIND)
    machine.add_requested_context(GET)
    machine.add_requested_context(UltrasoundMultiFrameImageStorage, JPEGBaseline8Bit)
    link = machine.associate(
        "127.0.0.1",
        orthanc.dicom_port,
        ae_title="ORTHANC",
        ext_neg=[build_role(UltrasoundMultiFrameImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    assert link.is_established
    try:
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.PatientID, asked.StudyInstanceUID = "STUDY", "P1", ""
        asked.NumberOfStudyRelatedSeries = asked.NumberOfStudyRelatedInstances = None
        found = [one for _, one in link.send_c_find(asked, FIND) if one]
        assert [one.NumberOfStudyRelatedSeries for one in found] == [2]
        assert [one.NumberOfStudyRelatedInstances for one in found] == [len(written)]
        clip = pydicom.dcmread(next(path for path in written if path.parent.name == "clips"))
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "IMAGE", found[0].StudyInstanceUID
        wanted.SeriesInstanceUID, wanted.SOPInstanceUID = clip.SeriesInstanceUID, clip.SOPInstanceUID
        list(link.send_c_get(wanted, GET))
    finally:
        link.release()
    (back,) = got
    assert back.PixelData == clip.PixelData
    assert back.FrameTimeVector == clip.FrameTimeVector


def test_stored_again_nothing_is_there_twice(orthanc: Orthanc, written: list[Path]) -> None:
    """A second export of a session adds no object to the archive."""
    target = archive_at(orthanc.address, "BEDSIDE")
    list(store(target, written))
    count = orthanc.get("/statistics")["CountInstances"]
    assert list(store(target, written)) == [""] * len(written)
    assert orthanc.get("/statistics")["CountInstances"] == count


def test_orthanc_under_another_name_refuses(orthanc: Orthanc) -> None:
    """A wrong AE title is told as that, with where to write the right one."""
    with pytest.raises(SessionError, match=r"is not called 'WRONG'; write its own AE title before @"):
        echo(archive_at(f"WRONG@127.0.0.1:{orthanc.dicom_port}", "BEDSIDE"))


def test_nothing_listens() -> None:
    """A port on which nothing listens is told as that."""
    with pytest.raises(SessionError, match=r"nothing takes DICOM connections at 127.0.0.1:\d+: Connection refused"):
        echo(archive_at(f"ARCHIVE@127.0.0.1:{free_port()}", "BEDSIDE"))


def test_a_host_that_nobody_knows() -> None:
    """A name that cannot be looked up is told as that."""
    with pytest.raises(SessionError, match=r"the archive's host 'no-such-host.invalid' is not known"):
        echo(archive_at("ARCHIVE@no-such-host.invalid:104", "BEDSIDE"))


def test_what_listens_is_no_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes the connection and says nothing is given up after the time for an answer."""
    monkeypatch.setattr(pacs, "CONNECT_S", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SessionError, match=r"was connected and did not answer in 0\.3 s"):
            echo(archive_at(f"ARCHIVE@127.0.0.1:{silent.getsockname()[1]}", "BEDSIDE"))


def test_an_archive_that_does_not_know_us() -> None:
    """Where our own AE title is refused, the sentence names it and the setting it comes from."""
    with (
        archive(knows=["OTHER"]) as target,
        pytest.raises(SessionError, match=r"take what 'BEDSIDE' .*ae_title"),
    ):
        echo(target)


def test_an_archive_that_takes_no_ultrasound(written: list[Path]) -> None:
    """An archive without our kinds of object is told as that, before anything is sent."""
    with archive(takes=()) as target, pytest.raises(SessionError, match="takes no ultrasound pictures"):
        list(store(target, written))


def test_an_archive_that_takes_no_clips(written: list[Path]) -> None:
    """Pictures are stored, and each clip is named with the kind that the archive does not take."""
    with archive(takes=(UltrasoundImageStorage,)) as target:
        said = dict(zip(written, store(target, written), strict=True))
    for path, problem in said.items():
        is_moving = path.parent.name in ("clips", "span")
        assert ("takes no Ultrasound Multi-frame Image Storage" in problem) == is_moving
        assert bool(problem) == is_moving


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (OUT_OF_RESOURCES, r"did not store it: it is out of resources, such as a full disk \(status 0xA700\)"),
        (CANNOT_UNDERSTAND, r"it cannot understand the object \(status 0xC001\)"),
    ],
)
def test_an_archive_that_refuses_says_why(written: list[Path], status: int, sentence: str) -> None:
    """The object that is refused gets the reason; the next ones are sent all the same."""
    answers = iter([0, status, 0, 0, 0, 0])
    with archive(lambda event: next(answers)) as target:
        said = list(store(target, written))
    assert re.search(sentence, said[1])
    assert [bool(problem) for problem in said] == [False, True, False, False, False, False]


def test_a_remark_is_no_refusal(written: list[Path]) -> None:
    """An archive that stores and warns has stored."""
    with archive(lambda event: COERCED) as target:
        assert set(store(target, written)) == {""}


def test_an_archive_that_dies_in_the_middle(written: list[Path]) -> None:
    """What was stored before is known as stored; of all after it is said that the connection ended."""
    count = 0

    def die(event: evt.Event) -> int:
        nonlocal count
        count += 1
        if count == 3:
            event.assoc.abort()
        return 0

    with archive(die) as target:
        said = list(store(target, written))
    assert said[:2] == ["", ""]
    assert "ended the connection" in said[2]
    assert all("was gone" in problem for problem in said[3:])
    assert len(said) == len(written)


@pytest.mark.parametrize(
    "address", ["", "ORTHANC", "ORTHANC@host", "ORTHANC@host:port", "A" * 17 + "@h:1", "A@h:99999"]
)
def test_an_address_that_is_none(address: str) -> None:
    """What is no AE_TITLE@host:port is refused with what is expected."""
    with pytest.raises(SettingsError, match=r"expected AE_TITLE@host:port, such as ORTHANC@127\.0\.0\.1:4242"):
        archive_at(address, "BEDSIDE")
