"""What all DICOM objects of one session share: whose they are, of which study, made with what, and how honest they are.

The names are those of the standard, PS3.3: Ultrasound Image (A.6) and Ultrasound Multi-frame Image (A.7).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID

from bedside import clock
from bedside.export.shots import whole
from bedside.review.answered import number
from bedside.review.summary import shown_name, shown_participant
from bedside.session.names import SESSION
from bedside.session.recorded import Recorded

RESEARCH = "Research use only, not for diagnosis."
ORIGIN = "Picture of an ultrasound scanner's screen, captured from its video output."
NAMESPACE = uuid.UUID("9c1a61c3-2f5c-5d0e-8a55-6c9f0a4f7a10")
"""Of all UIDs made here; a constant, so that an object that is exported again has the UID that it had."""
MM_PER_CM = 10
CENTIMETRES = 3
"""Of Physical Units X Direction, C.8.5.5.1.15."""
TISSUE_2D = {"RegionSpatialFormat": 1, "RegionDataType": 1, "RegionFlags": 0}


@dataclass(frozen=True)
class About:
    """The session as its objects tell of it."""

    study_uid: UID
    identity: str
    """Of the session, unlike that of any other, also of one of the same name elsewhere."""
    patient_id: str
    study_id: str
    start_wall_ns: int
    start_ns: int
    version: str
    """Of the Bedside that recorded it."""
    is_burned_in: bool
    """Whether the pictures may show who the participant is."""
    was_masked: bool
    """Whether parts of the pictures were masked or cut off when they were captured, as far as is known."""
    was_lossy: bool
    """Whether the pictures had been compressed with a loss before Bedside got them, or nobody knows."""
    spacing_mm: float
    crop: tuple[int, ...]
    fan: tuple[int, ...]


def about(recorded: Recorded, burned_in: bool | None = None) -> About:
    """What a session's objects share. `burned_in` None: no, where the session was masked or cropped, else yes.

    Without a participant the session's name stands for it, so that no archive takes two people for one.
    """
    told = recorded.about
    settings = told.get("settings")
    tables = {name: _table(_table(settings).get(name)) for name in ("source", "server")}
    source = tables["source"]
    identity = "|".join(str(told.get(key, "")) for key in ("name", "start_wall_ns", "start_monotonic_ns"))
    # A broadcaster elsewhere has settings of its own, which nobody knows here.
    was_masked = bool(source.get("mask") or source.get("crop")) and not tables["server"].get("source")
    participant, name = shown_participant(recorded), shown_name(recorded)
    spacing_mm = number(source.get("pixel_spacing_mm"))
    return About(
        uid("study", identity),
        identity,
        participant or (name if SESSION.fullmatch(name) else uid("session", identity)),
        participant or "unnamed",
        max(0, whole(told.get("start_wall_ns"))),
        recorded.start_ns,
        str(_table(told.get("versions")).get("bedside", "")),
        not was_masked if burned_in is None else burned_in,
        was_masked,
        _was_lossy(recorded, tables),
        spacing_mm if spacing_mm > 0 else 0.0,
        _box(source.get("crop")),
        _box(source.get("fan")),
    )


def uid(*parts: str) -> UID:
    """The same parts give the same UID, below 2.25 as PS3.5 B.2 has it."""
    return UID(f"2.25.{uuid.uuid5(NAMESPACE, '|'.join(parts)).int}")


def headed(of: About, sop_class: UID, captured_ns: int, wall_ns: int) -> Dataset:
    """An object with its modules of patient, study, equipment and acquisition; times are in UTC."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = sop_class
    data.TimezoneOffsetFromUTC = "+0000"
    _tell_patient(data, of)
    data.StudyInstanceUID, data.StudyID = of.study_uid, of.study_id
    data.StudyDate, data.StudyTime = _date(of.start_wall_ns), _time(of.start_wall_ns)
    data.ReferringPhysicianName = data.AccessionNumber = ""
    data.StudyDescription = f"Bedside session. {RESEARCH}"
    data.Modality = "US"
    data.Manufacturer = data.ManufacturerModelName = "Bedside"
    data.SoftwareVersions = of.version
    at = wall_ns or of.start_wall_ns + max(0, captured_ns - of.start_ns)
    data.AcquisitionDate = data.ContentDate = _date(at)
    data.AcquisitionTime = data.ContentTime = _time(at)
    data.AcquisitionDateTime = _date(at) + _time(at) + "+0000"
    data.AcquisitionNumber = None
    # Milliseconds since the start: in order, and the same whatever else is exported.
    data.InstanceNumber = max(0, (captured_ns - of.start_ns) // clock.NS_PER_MS) if captured_ns > 0 else None
    data.PatientOrientation = data.Laterality = None  # not known, of anything
    return data


def put_into_series(data: Dataset, of: About, number: int, name: str) -> None:
    """The object becomes one of the session's series."""
    data.SeriesInstanceUID = uid("series", of.identity, name)
    data.SeriesNumber = number
    data.SeriesDescription = f"{name.capitalize()}. {RESEARCH}"


def tell_pixels(data: Dataset, rows: int, columns: int, photometric: str) -> None:
    """The modules of the pixels: colour, 8 bits."""
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, photometric, 0
    data.Rows, data.Columns = rows, columns
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0


def tell_spacing(data: Dataset, of: About) -> None:
    """US Region Calibration (C.8.5.5), where the settings know how large a pixel is; else nothing."""
    if of.spacing_mm <= 0:
        return
    width, height = data.Columns, data.Rows
    left, top, right, bottom = 0, 0, width, height
    if of.fan:
        shift_x, shift_y = of.crop[:2] if of.crop else (0, 0)
        left, top = max(0, of.fan[0] - shift_x), max(0, of.fan[1] - shift_y)
        right, bottom = min(width, of.fan[0] + of.fan[2] - shift_x), min(height, of.fan[1] + of.fan[3] - shift_y)
    if right <= left or bottom <= top:
        return
    region = Dataset()
    for name, value in TISSUE_2D.items():
        setattr(region, name, value)
    region.RegionLocationMinX0, region.RegionLocationMinY0 = left, top
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = right - 1, bottom - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = CENTIMETRES
    region.PhysicalDeltaX = region.PhysicalDeltaY = of.spacing_mm / MM_PER_CM
    data.SequenceOfUltrasoundRegions = [region]


def finish(data: Dataset, transfer_syntax: UID) -> Dataset:
    """Gives an object that is complete its UID, made of all that it holds: what differs never has the same one."""
    pixels = data["PixelData"]
    del data.PixelData  # JSON would make text of them
    told = sha256(data.to_json().encode())
    told.update(pixels.value)
    data.add(pixels)
    data.SOPInstanceUID = uid("instance", told.hexdigest())
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = transfer_syntax
    data.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return data


def _tell_patient(data: Dataset, of: About) -> None:
    data.PatientID, data.PatientName = of.patient_id, f"{of.patient_id}^"  # the caret: it is one part on purpose
    data.PatientBirthDate = data.PatientSex = ""
    # "YES" would say that the pixels, too, do not tell who it is (C.7.1.1).
    data.PatientIdentityRemoved = "NO" if of.is_burned_in else "YES"
    if not of.is_burned_in:
        how = "masked or cropped at capture" if of.was_masked else "said to show no name"
        data.DeidentificationMethod = f"Code for the name; picture {how}"
    data.BurnedInAnnotation = "YES" if of.is_burned_in else "NO"


def _was_lossy(recorded: Recorded, settings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a source, a capture device or the network may have compressed what Bedside took for exact."""
    scheme = str(settings["source"].get("url", "")).partition(":")[0]
    devices = [str(segment.about.get("device", "")) for segment in recorded.segments.values()]
    if scheme == "v4l2":  # the device's name holds its pixel format, once something was recorded
        is_exact = bool(devices) and not any("MJPG" in device for device in devices)
    else:
        is_exact = scheme == "synthetic"
    server = settings["server"]
    return not is_exact or server.get("encoding") == "jpeg" or bool(server.get("source"))


def _date(wall_ns: int) -> str:
    return _moment(wall_ns).strftime("%Y%m%d")


def _time(wall_ns: int) -> str:
    return _moment(wall_ns).strftime("%H%M%S.%f")


def _moment(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(wall_ns // 1000 / 1e6, UTC)


def _box(value: object) -> tuple[int, ...]:
    """x, y, width and height; empty where it is none."""
    box = tuple(map(whole, value)) if isinstance(value, list | tuple) else ()
    return box if len(box) == 4 and min(box) >= 0 else ()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
