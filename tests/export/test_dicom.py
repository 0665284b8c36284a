"""A session's DICOM objects, read back by programs that are not ours."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, UltrasoundImageStorage
from tests.export.conftest import PLAN
from tests.recording import START_WALL_NS, picture

from bedside.export.dicom import Span, write_clips, write_pictures
from bedside.export.dicom_about import about, headed
from bedside.export.dicom_clip import MAX_FRAMES
from bedside.export.dicom_picture import picture as picture_of
from bedside.export.shots import Answered, Answers, Selection, Shot, kept_items, rows_between
from bedside.export.target import Target
from bedside.messages import Pixels
from bedside.session.journal import Journal
from bedside.session.recorded import Recorded
from bedside.source import counter

JPEG_ERROR = 2.0
"""Mean difference of grey levels that JPEG at our quality, after H.264, may make."""
KEPT = 4
"""Pictures in the made session: a snapshot and three best frames."""


def needs(program: str) -> str:
    """The program's path; the test is skipped where it is missing."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed; scripts/rigs installs it")
    return path


def nothing() -> None:
    """No progress is shown."""


def picture_in(path: Path) -> Pixels:
    """The pixels of a PNG, RGB."""
    stored = cv2.imread(str(path))
    assert stored is not None
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)


def change_source(folder: Path, **source: object) -> Recorded:
    """The session, made with other settings of its source."""
    path = folder / "session.json"
    told = json.loads(path.read_bytes())
    told["settings"]["source"] |= source
    path.write_text(json.dumps(told))
    return Recorded(folder)


def export_all(recorded: Recorded, folder: Path, **options: bool) -> list[Path]:
    """The kept pictures, their clips and a span of the recording."""
    target, of = Target(folder), about(recorded)
    items = kept_items(recorded)
    write_pictures(target, of, Selection(recorded, Answers(recorded), items), nothing, **options)
    assert write_clips(target, of, [item for _, item in items if item.clip], nothing) == []
    assert Span(recorded, rows_between(recorded, 0.0, 1.0)).write(target, of, nothing) == []
    return target.written


@pytest.fixture(scope="module")
def written(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All objects of the made session."""
    return export_all(recorded, tmp_path_factory.mktemp("dicom") / "out")


@pytest.fixture
def read(written: list[Path]) -> Callable[[str], Dataset]:
    """Reads an object by its file's name."""
    by_name = {"/".join(path.parts[-2:]).removesuffix(".dcm"): path for path in written}
    return lambda name: pydicom.dcmread(by_name[name])


def shown(number: int) -> Pixels:
    """The picture of frame `number` of the made session."""
    return picture(PLAN, number)


def test_a_kept_picture_is_the_exact_picture(read: Callable[[str], Dataset], recorded: Recorded) -> None:
    """An independent reader finds the very pixels of a best frame, uncompressed RGB."""
    (item,) = (item for item in recorded.best if item.name == "head")
    data = read("best/head")
    assert data.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert data.PhotometricInterpretation == "RGB"
    assert data.LossyImageCompression == "00"
    assert np.array_equal(pixel_array(data), shown(item.about["seq"]))


def test_a_clip_has_its_frames_and_their_times(read: Callable[[str], Dataset], recorded: Recorded) -> None:
    """A clip is a second of JPEG frames, each the right one within JPEG's error, and its time; the snapshot is last."""
    (item,) = recorded.snapshots
    data = read(f"clips/{item.name}")
    assert data.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert data.PhotometricInterpretation == "YBR_FULL_422"
    frames = pixel_array(data)  # as RGB
    assert frames.shape == (PLAN.fps, PLAN.height, PLAN.width, 3)
    assert data.NumberOfFrames == PLAN.fps
    table = recorded.frames
    last = table.index_of(item.about["seq"], item.about["captured_ns"])
    assert last is not None
    rows = list(range(last - PLAN.fps + 1, last + 1))
    for frame, row in zip(frames, rows, strict=True):
        assert counter.read(frame) == table.seq[row]
        assert np.abs(frame.astype(int) - shown(int(table.seq[row])).astype(int)).mean() < JPEG_ERROR
    expected = np.diff(table.captured_ns[rows]) / 1e6
    assert [float(step) for step in data.FrameTimeVector] == pytest.approx([0, *expected], abs=0.02)
    assert data[data.FrameIncrementPointer].keyword == "FrameTimeVector"


def test_a_span_tells_of_the_gap_in_it(recorded: Recorded, tmp_path: Path) -> None:
    """Where frames were lost, the time to the next frame is longer, and the rest of the times stay true."""
    target = Target(tmp_path / "out")
    assert Span(recorded, rows_between(recorded, 0.9, 1.4)).write(target, about(recorded), nothing) == []
    (path,) = target.written
    data = pydicom.dcmread(path)
    numbers = [counter.read(frame) for frame in pixel_array(data)]
    assert numbers == [*range(23, 26), *range(29, 35)]
    vector = [float(step) for step in data.FrameTimeVector]
    assert sorted(set(vector)) == [0.0, 40.0, 160.0]
    assert vector.count(160.0) == 1


def test_a_span_is_cut_at_each_segment_and_at_a_minute(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object is of one video file and holds at most so many frames; together they are all of the span."""
    from bedside.export import dicom

    monkeypatch.setattr(dicom, "MAX_FRAMES", 20)
    rows = rows_between(recorded, 0.0, 4.0)
    parts = list(Span(recorded, rows)._parts())
    assert [row for part in parts for row in part] == list(rows)
    segments = recorded.frames.segment
    assert all(len({int(segments[row]) for row in part}) == 1 for part in parts)
    assert max(map(len, parts)) == 20 < MAX_FRAMES


def test_frames_that_the_video_lacks_are_counted(own: Path, tmp_path: Path) -> None:
    """A span whose second half has lost its file is written as far as there is one, with a sentence about the rest."""
    (own / "video-001.mp4").unlink()
    recorded = Recorded(own)
    target = Target(tmp_path / "out")
    (problem,) = Span(recorded, rows_between(recorded, 1.5, 2.5)).write(target, about(recorded), nothing)
    assert problem == "12 frames of the span are not in the video"
    assert len(target.written) == 1


def test_a_broken_clip_is_said_and_passed_over(own: Path, tmp_path: Path) -> None:
    """A clip that is no video becomes a sentence that names it."""
    recorded = Recorded(own)
    (item,) = recorded.snapshots
    assert item.clip is not None
    item.clip.write_bytes(b"nothing of the kind")
    target = Target(tmp_path / "out")
    (problem,) = write_clips(target, about(recorded), [item], nothing)
    assert str(item.clip) in problem
    assert not target.written


def test_no_object_violates_the_standard(written: list[Path]) -> None:
    """dciodvfy finds no error in any object, of its kind's modules."""
    program = needs("dciodvfy")
    for path in written:
        done = subprocess.run([program, str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stderr
        assert ("USMultiFrameImage" if "best" not in path.parts and "snapshots" not in path.parts else "USImage") in (
            done.stderr
        )


def test_the_objects_of_a_session_fit_together(written: list[Path]) -> None:
    """dcentvfy finds nothing that differs where the objects speak of the same patient, study or series."""
    done = subprocess.run([needs("dcentvfy"), *map(str, written)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_another_toolkit_sees_the_same_pictures(written: list[Path], tmp_path: Path) -> None:
    """DCMTK takes each file for DICOM, and its picture of the first frame is pydicom's."""
    test, convert = needs("dcmftest"), needs("dcmj2pnm")
    for number, path in enumerate(written):
        assert subprocess.run([test, str(path)], capture_output=True).returncode == 0
        made = tmp_path / f"{number}.png"
        subprocess.run([convert, "+on", str(path), str(made)], check=True, capture_output=True)
        theirs = picture_in(made)
        ours = pixel_array(pydicom.dcmread(path))
        ours = ours[0] if ours.ndim == 4 else ours
        assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= 1


def test_an_object_names_a_code_and_no_person(read: Callable[[str], Dataset]) -> None:
    """Patient ID and name are the participant's code; what a person would be known by is empty."""
    for name in ("best/head", "span/000000"):
        data = read(name)
        assert (data.PatientID, str(data.PatientName)) == ("P1", "P1^")
        assert not data.PatientBirthDate
        assert not data.PatientSex
        assert not data.ReferringPhysicianName
        assert data.StudyID == "P1"


def test_a_session_without_a_participant_is_a_patient_of_its_own(own: Path, tmp_path: Path) -> None:
    """Without a code the session's name stands for the participant, so no archive takes two people for one."""
    path = own / "session.json"
    path.write_text(path.read_text().replace('"participant": "P1"', '"participant": ""'))
    recorded = Recorded(own)
    first = pydicom.dcmread(export_all(recorded, tmp_path / "out")[0])
    assert first.PatientID == recorded.name


def test_burned_in_text_is_denied_only_where_it_was_masked(own: Path) -> None:
    """Without mask and crop an object says that its pixels may tell who it is; with one that they do not."""
    open_ = about(Recorded(own))
    assert open_.is_burned_in
    assert not about(change_source(own, mask=[[0, 0, 200, 20]])).is_burned_in
    assert not about(change_source(own, mask=[], crop=[0, 20, 300, 150])).is_burned_in
    assert not about(change_source(own, crop=[]), burned_in=False).is_burned_in


def test_a_broadcaster_elsewhere_has_masks_that_nobody_knows(own: Path) -> None:
    """The settings of this machine's source say nothing of pictures that came from another one."""
    change_source(own, mask=[[0, 0, 200, 20]])
    path = own / "session.json"
    told = json.loads(path.read_bytes())
    told["settings"].setdefault("server", {})["source"] = "ws://elsewhere:8710/frames"
    path.write_text(json.dumps(told))
    assert about(Recorded(own)).is_burned_in


def test_how_a_name_was_removed_is_what_was_done(own: Path, recorded: Recorded) -> None:
    """An object says that its picture was masked only where it was, else that somebody vouches for it."""
    methods = []
    for of in (about(change_source(own, mask=[[0, 0, 200, 20]])), about(recorded, burned_in=False)):
        data = headed(of, UltrasoundImageStorage, 0, 0)
        assert len(data.DeidentificationMethod) <= 64  # a Long String
        methods.append("masked" in data.DeidentificationMethod)
    assert methods == [True, False]


def test_no_persons_name_comes_from_a_folder_or_a_field(own: Path, tmp_path: Path) -> None:
    """A folder that somebody renamed, and a participant that is no code, stay out of every object."""
    path = own / "session.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"participant": "Jane Doe", "name": "Jane Doe"}))
    renamed = Recorded(own.rename(tmp_path / "Jane Doe"))
    data = headed(about(renamed), UltrasoundImageStorage, 0, 0)
    assert "Jane" not in str(data)
    assert data.PatientID == about(renamed).patient_id != ""


def test_damaged_settings_claim_nothing(own: Path) -> None:
    """What stands in session.json and cannot be read is unknown, and no accident."""
    recorded = change_source(own, pixel_spacing_mm="wide", crop="x", fan=[1, "2"])
    recorded.about["start_wall_ns"] = None
    of = about(recorded)
    assert (of.spacing_mm, of.crop, of.fan, of.start_wall_ns) == (0.0, (), (), 0)


def test_what_burned_in_means_for_an_object(own: Path, recorded: Recorded, tmp_path: Path) -> None:
    """BurnedInAnnotation and PatientIdentityRemoved never contradict each other."""
    plain = pydicom.dcmread(export_all(recorded, tmp_path / "plain")[0])
    assert (plain.BurnedInAnnotation, plain.PatientIdentityRemoved) == ("YES", "NO")
    masked = pydicom.dcmread(export_all(change_source(own, mask=[[0, 0, 200, 20]]), tmp_path / "masked")[0])
    assert (masked.BurnedInAnnotation, masked.PatientIdentityRemoved) == ("NO", "YES")
    assert masked.DeidentificationMethod


def test_the_same_export_makes_the_same_objects(recorded: Recorded, written: list[Path], tmp_path: Path) -> None:
    """Exported again, each file is the same to the last byte, its UID too; no two objects share one."""
    again = export_all(recorded, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
    uids = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in written]
    assert len(set(uids)) == len(uids) == KEPT + 2
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


def test_another_content_has_another_uid(recorded: Recorded, written: list[Path], tmp_path: Path) -> None:
    """With the models' verdicts in it, the object of a picture is another object of the same study and series."""
    target = Target(tmp_path / "out")
    selection = Selection(recorded, Answers(recorded), kept_items(recorded))
    write_pictures(target, about(recorded), selection, nothing, with_results=True)
    bare, told = pydicom.dcmread(written[0]), pydicom.dcmread(target.written[0])
    assert told.SOPInstanceUID != bare.SOPInstanceUID
    assert told.StudyInstanceUID == bare.StudyInstanceUID
    assert told.SeriesInstanceUID == bare.SeriesInstanceUID
    assert "ImageComments" not in bare
    assert "Research use only" in told.ImageComments
    assert "planes: " in told.ImageComments


def test_sessions_of_one_name_are_studies_of_their_own(own: Path, recorded: Recorded) -> None:
    """Two machines that start a session of one name in the same second do not share a study."""
    path = own / "session.json"
    path.write_text(path.read_text().replace('"start_monotonic_ns": 5000', '"start_monotonic_ns": 5001'))
    assert about(Recorded(own)).study_uid != about(recorded).study_uid


def test_the_time_is_that_of_the_capture(read: Callable[[str], Dataset], recorded: Recorded) -> None:
    """Acquisition time is the frame's own, to the microsecond and in UTC; Instance Number counts milliseconds."""
    data = read("span/000000")
    at = START_WALL_NS // 10**9
    assert data.AcquisitionDateTime == "20261123103320.040000+0000"
    assert at % 60 == 20
    assert data.TimezoneOffsetFromUTC == "+0000"
    assert data.InstanceNumber == 40


def test_a_pixels_size_is_told_where_it_is_known(own: Path, recorded: Recorded, tmp_path: Path) -> None:
    """With `pixel_spacing_mm` the scan's part of the picture is calibrated in centimetres; else nothing is claimed."""
    plain = pydicom.dcmread(export_all(recorded, tmp_path / "plain")[0])
    assert "SequenceOfUltrasoundRegions" not in plain
    known = change_source(own, pixel_spacing_mm=0.2, fan=[30, 20, 200, 100], crop=[10, 5, 320, 180])
    paths = export_all(known, tmp_path / "known")
    (region,) = pydicom.dcmread(paths[0]).SequenceOfUltrasoundRegions
    corners = [getattr(region, f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    assert corners == [20, 15, 219, 114]
    assert region.PhysicalDeltaX == region.PhysicalDeltaY == pytest.approx(0.02)
    done = subprocess.run([needs("dciodvfy"), str(paths[0])], capture_output=True, text=True)
    assert "Error" not in done.stderr


def test_what_was_compressed_with_a_loss_says_so(read: Callable[[str], Dataset], own: Path, tmp_path: Path) -> None:
    """A clip of H.264 names both compressions with their ratios; a picture of a recorded source is lossy, too."""
    span = read("span/000000")
    assert span.LossyImageCompression == "01"
    assert list(span.LossyImageCompressionMethod) == ["ISO_14496_10", "ISO_10918_1"]
    assert all(ratio > 1 for ratio in span.LossyImageCompressionRatio)
    for lossy in ("file:clip.mp4", "opencv:0"):
        folder = tmp_path / lossy.replace(":", "_")
        data = pydicom.dcmread(export_all(change_source(own, url=lossy), folder)[0])
        assert data.LossyImageCompression == "01"


@pytest.mark.parametrize(
    ("tables", "is_lossy"),
    [
        ({"source": {"url": "synthetic:"}}, False),
        ({"source": {"url": "v4l2:"}, "device": "Box, 1920x1080 YUYV"}, False),
        ({"source": {"url": "v4l2:"}, "device": "Box, 1920x1080 MJPG"}, True),
        ({"source": {"url": "synthetic:"}, "server": {"encoding": "jpeg"}}, True),
        ({"source": {"url": "synthetic:"}, "server": {"source": "ws://elsewhere:8710/frames"}}, True),
    ],
)
def test_what_came_exactly_is_known(tables: dict[str, Any], is_lossy: bool, own: Path) -> None:
    """Exact is only what no source, device or network can have compressed."""
    device = str(tables.pop("device", ""))
    path = own / "session.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"settings": tables}))
    Journal(own / "segments.jsonl").append({"segment": 0, "event": "closed", "device": device})
    assert about(Recorded(own)).was_lossy is is_lossy


@pytest.mark.parametrize("size", [(5, 7), (1, 1), (480, 853)])
def test_a_picture_of_an_odd_size(size: tuple[int, int], recorded: Recorded, tmp_path: Path) -> None:
    """Pixels of an odd number of bytes are padded as the standard wants, and come back."""
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    shot = Shot("best/odd", 1, recorded.start_ns, START_WALL_NS, "live", pixels, ())
    path = tmp_path / "odd.dcm"
    picture_of(about(recorded), shot).save_as(path, enforce_file_format=True)
    assert np.array_equal(pixel_array(pydicom.dcmread(path)), pixels)
    done = subprocess.run([needs("dciodvfy"), str(path)], capture_output=True, text=True)
    assert "Error" not in done.stderr


def test_no_answer_makes_an_invalid_comment(recorded: Recorded, tmp_path: Path) -> None:
    """Letters of any alphabet, endless texts and odd fields of an answer make a comment that the standard allows."""
    answer = {
        "verdict": {"label": "сердце 心臓 \\ \n" + "x" * 20_000, "level": "good", "score": 0.5},
        "measurements": ["not kept: an array", {"name": "HC", "value": 176.4, "unit": "mm"}],
    }
    pixels = np.zeros((8, 8, 3), np.uint8)
    shot = Shot("best/odd", 1, recorded.start_ns, START_WALL_NS, "live", pixels, (Answered("planes", answer),))
    path = tmp_path / "odd.dcm"
    picture_of(about(recorded), shot, with_results=True).save_as(path, enforce_file_format=True)
    assert pydicom.dcmread(path).ImageComments.startswith("Research use only, not for diagnosis. Output of models")
    done = subprocess.run([needs("dciodvfy"), str(path)], capture_output=True, text=True)
    assert "Error" not in done.stderr
