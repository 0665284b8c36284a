"""`bedside export`: from a session's folder to files, and to an archive."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.orthanc import Orthanc, free_port
from tests.recording import Plan, make_session

from bedside import cli
from bedside.access.log import AccessLog
from bedside.session.journal import Journal
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile

PLAN = Plan(seconds=2.0, segment_s=2.0, participant="P7")
Say = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings and one session, which no test changes."""
    here = tmp_path_factory.mktemp("bedside")
    make_session(here / "sessions", PLAN)
    (here / "bedside.toml").write_text("")
    return here


@pytest.fixture(autouse=True)
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings that know the session's."""
    for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    monkeypatch.setenv("BEDSIDE_SESSION_FOLDER", str(made / "sessions"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*words: str) -> int:
    """The exit status of `bedside export last`."""
    return cli.main(["export", "last", *words])


def own_session(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """A session that a test may change, and that `last` means."""
    (made,) = Path(os.environ["BEDSIDE_SESSION_FOLDER"]).iterdir()
    copied = shutil.copytree(made, folder / "sessions" / made.name)
    monkeypatch.setenv("BEDSIDE_SESSION_FOLDER", str(folder / "sessions"))
    return Recorded(copied)


def test_pictures_go_where_one_stands(here: Path, made: Path, capsys: Say) -> None:
    """Without --out a folder of the session's name is made, and the last line says how many files are where."""
    assert export("--as", "png") == 0
    (session,) = [path.name for path in (made / "sessions").iterdir()]
    folder = here / f"export-{session}-png"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert capsys.readouterr().out == f"{len(files)} files in {folder}\n"
    assert sorted({path.parent.name for path in files}) == ["best", "snapshots"]


def test_who_took_what_stands_in_the_access_log(here: Path) -> None:
    """One line an export: session, kind, and where to; what was refused wrote none."""
    assert export("--as", "png", "--out", "out") == 0
    assert export("--as", "png", "--out", "out") == 1
    (entry,) = AccessLog(here / "access").tail(9)
    assert (entry["deed"], entry["id"], entry["about"]["kind"]) == ("export", "here", "png")
    assert entry["about"]["folder"] == str(here / "out")
    assert entry["about"]["session"].endswith("_P7")


def test_only_what_was_ticked_leaves(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say) -> None:
    """With --ticked the pictures that the review ticked are there, and none that was ticked off again."""
    recorded = own_session(here, monkeypatch)
    assert export("--as", "png", "--ticked", "--out", "none") == 1
    assert "no ticked snapshot or best frame" in capsys.readouterr().err
    journal = Journal(recorded.paths.review)
    for item, ticked in (("best/head", True), ("best/femur", True), ("best/femur", False)):
        journal.append({"note": "tick", "item": item, "ticked": ticked})
    assert export("--as", "png", "--ticked", "--out", "out") == 0
    assert [path.name for path in sorted((here / "out").rglob("*.json"))] == ["head.json"]


def test_recorded_frames_between_two_times(here: Path) -> None:
    """Each tenth frame of the second second, and no other recorded frame."""
    assert export("--as", "png", "--frames", "10", "--from", "1.2", "--to", "0:02", "--out", "out") == 0
    told = [json.loads(path.read_bytes()) for path in sorted((here / "out" / "frames").glob("*.json"))]
    assert [round(one["at_s"], 2) for one in told] == [1.2, 1.6]


def test_a_training_set_of_the_one_engine(here: Path, capsys: Say) -> None:
    """Where one engine answered, it need not be named; each frame with a result is there once."""
    assert export("--as", "coco", "--out", "out") == 0
    told = json.loads((here / "out" / "annotations.json").read_bytes())
    assert len({image["seq"] for image in told["images"]}) == len(told["images"]) > 10
    assert f"{len(told['images'])} pictures with {len(told['annotations'])} annotations" in capsys.readouterr().out


def test_a_frame_that_is_kept_twice_is_learnt_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A best frame that is a snapshot, too, is one picture of the training set."""
    recorded = own_session(here, monkeypatch)
    (snapshot,) = recorded.snapshots
    for suffix in (".png", ".json", ".mask.png"):
        shutil.copy(snapshot.picture.with_suffix(suffix), recorded.paths.best / f"again{suffix}")
    assert export("--as", "coco", "--out", "out") == 0
    told = json.loads((here / "out" / "annotations.json").read_bytes())
    assert [image["seq"] for image in told["images"]].count(snapshot.about["seq"]) == 1


def test_a_training_set_of_one_of_two_engines(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say) -> None:
    """Where two engines answered, one must be named; another engine's labels do not come in."""
    recorded = own_session(here, monkeypatch)
    line = {**recorded.results.lines[0], "engine": "other", "mask": None}
    file = ResultsFile(recorded.paths)
    file.append(line)
    file.close()
    assert export("--as", "coco", "--out", "out") == 2
    assert "--engine is needed: results are there of planes, other" in capsys.readouterr().err
    assert export("--as", "coco", "--engine", "other", "--out", "out") == 0
    told = json.loads((here / "out" / "annotations.json").read_bytes())
    assert [image["seq"] for image in told["images"]] == [line["seq"]]
    assert export("--as", "coco", "--engine", "nobody", "--out", "out2") == 1
    assert "has no result of 'nobody'; it has those of planes, other" in capsys.readouterr().err


def test_labels_of_a_replay(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say) -> None:
    """With --replay the labels are those of the replay, of the kept pictures too."""
    recorded = own_session(here, monkeypatch)
    file = ResultsFile(recorded.paths, "better")
    for line in recorded.results.lines:
        file.append({**line, "engine": "new", "answer": {"verdict": {"label": "stomach"}}, "mask": None})
    file.close()
    assert export("--as", "coco", "--replay", "better", "--out", "out") == 0
    rows = (here / "out" / "labels.csv").read_text().splitlines()[1:]
    assert rows
    assert all(",new,stomach," in row for row in rows)
    assert export("--as", "coco", "--replay", "worse", "--out", "out2") == 1
    assert "has no replay 'worse'; it has better" in capsys.readouterr().err


def test_dicom_goes_into_the_archive(here: Path, orthanc: Orthanc, capsys: Say) -> None:
    """To the archive of the settings: every object is there under the participant's code, and no folder is left."""
    (here / "bedside.toml").write_text(f'[pacs]\naddress = "{orthanc.address}"\n')
    assert export("--as", "dicom", "--to-pacs") == 0
    said = capsys.readouterr().out
    found = re.fullmatch(r"(\d+) of \1 objects stored in ORTHANC@127\.0\.0\.1:\d+\n", said)
    assert found, said
    patients = [orthanc.get(f"/patients/{one}") for one in orthanc.get("/patients")]
    (ours,) = [one for one in patients if one["MainDicomTags"]["PatientID"] == "P7"]
    (study,) = ours["Studies"]
    assert len(orthanc.get(f"/studies/{study}/instances")) == int(found[1])
    assert {path.name for path in here.iterdir()} == {"access", "bedside.toml"}


def test_a_span_of_the_recording_is_one_clip(here: Path) -> None:
    """--from and --to make one multi-frame object, and none of the kept pictures."""
    import pydicom

    assert export("--as", "dicom", "--from", "1.2", "--to", "1.6", "--out", "out") == 0
    (path,) = [path for path in (here / "out").rglob("*") if path.is_file()]
    assert pydicom.dcmread(path).NumberOfFrames == 10


def test_no_archive_no_work(here: Path, capsys: Say) -> None:
    """An archive that is not there is told before anything is written."""
    assert export("--as", "dicom", "--to-pacs", f"PACS@127.0.0.1:{free_port()}", "--out", "out") == 1
    assert "nothing takes DICOM connections" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_an_archive_without_an_address(capsys: Say) -> None:
    """--to-pacs needs an address, of its own or in the settings."""
    assert export("--as", "dicom", "--to-pacs") == 2
    assert "expected AE_TITLE@host:port" in capsys.readouterr().err


def test_a_folder_in_use_is_refused(here: Path, capsys: Say) -> None:
    """A second export into the same folder needs --overwrite."""
    assert export("--as", "png", "--out", "out") == 0
    assert export("--as", "png", "--out", "out") == 1
    assert "holds something already" in capsys.readouterr().err
    assert export("--as", "png", "--out", "out", "--overwrite") == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--as png --corrected", "--corrected belongs to --as coco, not to --as png"),
        ("--as coco --to-pacs A@b:1", "--to-pacs belongs to --as dicom, not to --as coco"),
        ("--as dicom --frames 3", "--frames belongs to --as png or coco, not to --as dicom"),
        ("--as png --frames 0", "--frames is '0'; expected a number from 1, or `results`"),
        ("--as png --frames 5 --from 9 --to 1:x", "a time is '1:x'; expected seconds since the session's start"),
        ("--as dicom --from 20 --to 0:10", "--from 20 is not before --to 0:10"),
        ("--as png --from 3", "say with --frames which of them"),
    ],
)
def test_what_does_not_fit_is_refused(words: str, sentence: str, here: Path, capsys: Say) -> None:
    """Options that mean nothing together are told, and nothing is written."""
    assert export(*words.split()) == 2
    assert sentence in capsys.readouterr().err
    assert not list(here.iterdir())


def test_a_time_without_a_recording(here: Path, capsys: Say) -> None:
    """A span in which nothing was recorded is a sentence."""
    assert export("--as", "dicom", "--from", "50") == 1
    assert "has no recorded frame in that time" in capsys.readouterr().err


def test_what_could_not_be_read_is_told_and_fails(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Say) -> None:
    """One damaged picture: the others are written, it is named, and the exit status is 1."""
    recorded = own_session(here, monkeypatch)
    (recorded.folder / "best" / "head.png").write_bytes(b"no picture")
    assert export("--as", "dicom", "--out", "out") == 1
    assert "head.png is no picture that can be read" in capsys.readouterr().err
    assert sorted(path.name for path in (here / "out" / "best").iterdir()) == ["abdomen.dcm", "femur.dcm"]


def test_a_person_sees_how_far_it_is(here: Path) -> None:
    """On a terminal a bar counts the pictures; what was written is told on stdout all the same."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "bedside", "export", "last", "--as", "coco", "--out", "out"]
    with subprocess.Popen(words, cwd=here, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # a terminal whose other end is closed
            while data := os.read(ours, 65536):
                shown += data
        said, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 0, shown
    assert "training set" in shown.decode()
    count = len(json.loads((here / "out" / "annotations.json").read_bytes())["images"])
    assert f"{count}/{count}" in shown.decode()
    assert f"{count} pictures with" in said
