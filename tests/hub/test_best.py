"""The best frame of each plane."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.hub.conftest import Hub, StartHub, eventually

from bedside.hub import best
from bedside.hub.running import Customs
from bedside.messages import Frame
from bedside.session import kept
from bedside.session.desk import Who
from bedside.session.recorded import Item, Recorded

MASK = np.eye(40, dtype=np.uint8)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the next second."""
    monkeypatch.setattr(best, "EVERY_S", 0.0)


def say(hub: Hub, label: Any = "head", score: Any = 0.5, level: str = "good", engine: str = "pcbm") -> Frame:
    """One frame, and a model that judges it."""
    frame = hub.shoot()
    hub.answer(frame, engine, verdict={"label": label, "level": level, "score": score}, mask=MASK * (frame.seq % 200))
    return frame


async def ended(hub: Hub) -> dict[str, Item]:
    """The best frames once the session is over."""
    name = (await hub.post("api/session/end"))[1]["session"]
    return {item.name: item for item in Recorded(hub.visit.root / name).best}


async def test_the_best_good_frame_of_each_plane_is_kept_exactly(hub: Hub) -> None:
    """Pixels, result and mask are of one frame: the one with the highest score, and of equal ones the first."""
    await hub.start_session()
    say(hub, "head", 0.6)
    frame = say(hub, "head", 0.9)
    pixels = hub.scanner.ring[frame.seq].copy()
    say(hub, "head", 0.9)
    say(hub, "head", 0.95, level="near")
    say(hub, "head", 0.7)
    femur = say(hub, "femur", 0.2)
    items = await ended(hub)
    assert {name: item.about["seq"] for name, item in items.items()} == {"head": frame.seq, "femur": femur.seq}
    head = items["head"]
    assert np.array_equal(np.asarray(cv2.imread(str(head.picture)))[..., ::-1], pixels)
    assert head.mask is not None and head.mask.read_bytes()
    assert np.array_equal(np.asarray(cv2.imread(str(head.mask), cv2.IMREAD_UNCHANGED)), MASK * frame.seq)
    assert (head.about["plane"], head.about["score"], head.about["captured_ns"]) == ("head", 0.9, frame.captured_ns)
    assert head.about["result"]["answer"]["verdict"]["score"] == 0.9


async def test_each_that_is_kept_is_a_mark_and_can_be_looked_at(hub: Hub) -> None:
    """GET /api/best lists them while the session runs and after it, and their pictures are served."""
    paths = await hub.start_session()
    assert await hub.get("api/best") == {"best": []}
    first = say(hub, "4-chamber view / apical", 0.4)
    await eventually((paths.best / "4-chamber_view_apical.json").exists)
    second = say(hub, "4-chamber view / apical", 0.8)
    await ended(hub)
    (one,) = (await hub.get("api/best"))["best"]
    plane = "4-chamber view / apical"
    assert one == {"plane": plane, "name": "4-chamber_view_apical", "score": 0.8, "seq": second.seq, "label": plane}
    png = await (await hub.http.get(hub.url / "api/best/4-chamber_view_apical.png")).read()
    assert png == (paths.best / "4-chamber_view_apical.png").read_bytes()
    assert (await hub.http.get(hub.url / "api/best/other.png")).status == 404
    marks = [mark for mark in Recorded(paths.folder).marks if mark["mark"] == "best"]
    assert [(mark["seq"], mark["score"], mark["plane"]) for mark in marks] == [
        (first.seq, 0.4, plane),
        (second.seq, 0.8, plane),
    ]


async def test_a_plane_is_not_written_at_each_frame(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a model that grows surer frame by frame, the first and the best are written, not those between."""
    monkeypatch.setattr(best, "EVERY_S", 3600.0)
    paths = await hub.start_session()
    first = say(hub, "head", 0.01)
    await eventually((paths.best / "head.json").exists)
    for score in range(2, 60):
        last = say(hub, "head", score / 100)
    items = await ended(hub)
    assert items["head"].about["seq"] == last.seq
    marks = [mark["seq"] for mark in Recorded(paths.folder).marks if mark["mark"] == "best"]
    assert marks == [first.seq, last.seq]


async def test_the_next_server_must_beat_what_is_there(start_hub: StartHub) -> None:
    """After a restart a worse frame does not take the place of the best, a better one does."""
    first = await start_hub()
    paths = await first.start_session()
    kept_frame = say(first, "head", 0.8)
    await eventually((paths.best / "head.json").exists)
    await first.stop()
    second = await start_hub()
    await eventually(lambda: second.visit.keeps)
    say(second, "head", 0.7)
    better = say(second, "femur", 0.1)
    assert {name: item.about["seq"] for name, item in (await ended(second)).items()} == {
        "head": kept_frame.seq,
        "femur": better.seq,
    }


async def test_planes_of_several_engines_and_odd_names_do_not_mix(hub: Hub) -> None:
    """Each engine's plane, and each label that makes the same file name, has a name of its own."""
    await hub.start_session()
    seqs = [say(hub, "a b").seq, say(hub, "a/b").seq, say(hub, "a b", 0.1, engine="bpd").seq, say(hub, "//").seq]
    assert {name: item.about["seq"] for name, item in (await ended(hub)).items()} == dict(
        zip(("a_b", "a_b-2", "a_b-3", "unnamed"), seqs, strict=True)
    )


async def test_without_a_score_the_first_stays(hub: Hub) -> None:
    """A verdict without a score is beaten by one with a score only; odd scores and labels do no harm."""
    await hub.start_session()
    first = say(hub, "head", None)
    for score in (None, float("nan"), "high", 10**400):
        say(hub, "head", score)
    for label in (None, "", 7):
        say(hub, label)
    scored = say(hub, "femur", None), say(hub, "femur", 0.0)
    items = await ended(hub)
    assert {name: item.about["seq"] for name, item in items.items()} == {"head": first.seq, "femur": scored[1].seq}
    assert items["head"].about["score"] is None


async def test_labels_without_end_do_not_fill_the_disk(hub: Hub) -> None:
    """Of a model that makes up labels, only so many planes are kept."""
    paths = await hub.start_session()
    for number in range(best.MOST_PLANES + 3):
        say(hub, f"plane {number}")
    await ended(hub)
    assert len(list(paths.best.glob("*.json"))) == best.MOST_PLANES


async def test_a_write_that_fails_keeps_what_was_there(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On a full disk the one before stays whole, and once there is room again a better one is kept."""
    paths = await hub.start_session()
    first = say(hub, "head", 0.5)
    await eventually((paths.best / "head.json").exists)
    failed: list[Path] = []

    def full(path: Path, data: bytes) -> None:
        failed.append(path)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(kept, "_write", full)
        say(hub, "head", 0.6)
        await eventually(lambda: bool(failed))
        await eventually(lambda: hub.visit.best._planes["pcbm", "head"].score == 0.5)
        say(hub, "head", 0.7)
        await eventually(lambda: len(failed) > 1)
        await eventually(lambda: hub.visit.best._planes["pcbm", "head"].score == 0.5)
    assert caplog.text.count("could not be kept") == 1, "a full disk is said once"
    (item,) = Recorded(paths.folder).best
    assert item.about["seq"] == first.seq
    better = say(hub, "head", 0.55)
    assert (await ended(hub))["head"].about["seq"] == better.seq


@pytest.mark.parametrize("consent", [None, False])
async def test_without_consent_no_picture_is_kept_by_itself(hub: Hub, consent: bool | None) -> None:
    """Like video, a best frame needs the participant's consent; a snapshot is what a person kept."""
    paths = await hub.start_session(consent=consent)
    frame = say(hub, "head", 0.9)
    assert (await hub.post("api/snapshot", seq=frame.seq))[0] == 201
    assert await ended(hub) == {}
    assert not paths.best.exists()
    assert [path.name for path in sorted(paths.folder.rglob("*.png"))] == [f"{frame.seq}.png"]


async def test_a_phantom_needs_no_consent_for_its_best_frames(start_hub: StartHub) -> None:
    """Where nobody's consent is needed, they are kept."""
    hub = await start_hub(customs=Customs(Who("P1", "explain"), needs_consent=False))
    await hub.start_session(consent=None)
    say(hub, "head", 0.9)
    assert set(await ended(hub)) == {"head"}


async def test_a_fault_in_one_picture_does_not_keep_a_session_from_ending(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong with a best frame is logged, and the session ends with the others kept."""
    await hub.start_session()

    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no room for a picture")

    with monkeypatch.context() as patch:
        patch.setattr(best, "files_of", broken)
        say(hub, "head", 0.5)
        await eventually(lambda: "no room for a picture" in caplog.text)
    say(hub, "femur", 0.5)
    assert set(await ended(hub)) == {"femur"}
    assert (await hub.get("api/session"))["session"] is None
