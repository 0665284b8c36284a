"""Pictures with JSON beside them."""

import json
from pathlib import Path

import cv2
import numpy as np
from tests.export.conftest import PLAN
from tests.recording import mask_of, picture

from bedside.export.png import write_png
from bedside.export.said import Sayings
from bedside.export.shots import Answers, Selection, kept_items
from bedside.export.target import Target
from bedside.messages import Pixels
from bedside.session.journal import Journal
from bedside.session.recorded import Recorded
from bedside.source import counter


def nothing() -> None:
    """No progress is shown."""


def read(path: Path) -> Pixels:
    """A PNG's pixels, RGB."""
    stored = cv2.imread(str(path))
    assert stored is not None
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)


def export(recorded: Recorded, folder: Path, rows: range = range(0)) -> Selection:
    """The kept pictures, and rows of the recording."""
    selection = Selection(recorded, Answers(recorded), kept_items(recorded), rows)
    write_png(Target(folder), recorded, selection, Sayings(recorded), nothing)
    return selection


def test_a_kept_picture_comes_out_exactly_with_all_that_is_known(recorded: Recorded, tmp_path: Path) -> None:
    """The PNG has the very pixels, the JSON the frame's identity, its result and people's words, the mask is there."""
    export(recorded, tmp_path / "out")
    (item,) = recorded.snapshots
    seq = item.about["seq"]
    base = tmp_path / "out" / "snapshots" / item.name
    assert np.array_equal(read(base.with_suffix(".png")), picture(PLAN, seq))
    told = json.loads(base.with_suffix(".json").read_bytes())
    assert (told["session"], told["participant"], told["seq"]) == (recorded.name, "P1", seq)
    assert told["captured_ns"] == item.about["captured_ns"]
    assert told["codec"] == "none"
    (result,) = told["results"]
    assert result["answer"] == item.about["result"]["answer"]
    assert result["people"]["verdict"] == {"label": "femur"}
    assert result["people"]["concepts"] == {"thalami": "not visible"}
    assert result["people"]["thumb"] == "down"
    assert result["people"]["notes"] == ["too bright"]
    mask = cv2.imread(str(base.parent / result["mask"]), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert np.array_equal(mask, mask_of(seq))


def test_recorded_frames_come_out_with_their_numbers(recorded: Recorded, tmp_path: Path) -> None:
    """Each chosen frame shows the number that its JSON says, and tells that it has been through H.264."""
    export(recorded, tmp_path / "out", range(0, 60, 20))
    files = sorted((tmp_path / "out" / "frames").glob("*.json"))
    told = [json.loads(path.read_bytes()) for path in files]
    assert [one["item"] for one in told] == ["frames/000000", "frames/000020", "frames/000040"]
    for path, one in zip(files, told, strict=True):
        assert counter.read(read(path.with_suffix(".png"))) == one["seq"]
        assert one["codec"] == "h264"
    assert [len(one["results"]) for one in told] == [1, 0, 0]  # the engine answered each third


def test_what_people_said_later_stands_beside_the_answer(own: Path, tmp_path: Path) -> None:
    """A correction of the review takes the place of the one during the scan, and the engine's answer stays."""
    recorded = Recorded(own)
    (item,) = recorded.snapshots
    about = item.about
    where = {"seq": about["seq"], "captured_ns": about["captured_ns"], "engine": PLAN.engine}
    journal = Journal(recorded.paths.review)
    journal.append({"note": "edit", **where, "field": "verdict", "value": {"label": "abdomen", "level": "near"}})
    journal.append({"note": "reject", **where, "rejected": True})
    export(recorded, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "snapshots" / f"{item.name}.json").read_bytes())
    (result,) = told["results"]
    assert result["people"]["verdict"] == {"label": "abdomen", "level": "near"}
    assert result["people"]["rejected"] is True
    assert result["answer"] == about["result"]["answer"]


def test_a_picture_that_cannot_be_read_is_said_and_passed_over(own: Path, tmp_path: Path) -> None:
    """One damaged file costs one picture, and a sentence names it."""
    broken = own / "best" / "head.png"
    broken.write_bytes(b"\x89PNG and no more")
    selection = export(Recorded(own), tmp_path / "out")
    assert selection.problems == [f"{broken} is no picture that can be read"]
    assert sorted(path.stem for path in (tmp_path / "out" / "best").glob("*.json")) == ["abdomen", "femur"]
