"""What the admin page reads, and what stands on everybody's page."""

from pathlib import Path
from typing import Any

import pytest
from tests.hub.conftest import Scanner, live, ready

from bedside.hub.admin import everything
from bedside.hub.alerts import About, Alert, Level
from bedside.hub.feed import Feed
from bedside.hub.health import Limits, health
from bedside.hub.processes import End, Heard, ProcessNow, Shares
from bedside.hub.state import state
from bedside.hub.visit import Visit
from bedside.hub.watch import Known, Watch
from bedside.messages import EngineState, RecorderState, RecorderStatus, Signal, Status
from bedside.session.desk import Desk

DEAD = Alert("engine pcbm", Level.WARNING, About.ANSWERS, "The engine pcbm is DEAD.", "Wait.")
FULL = Alert("disk", Level.ALARM, About.RECORDING, "The disk is full.", "Delete sessions.")
CLOCK = Alert("clock", Level.WARNING, About.MACHINE, "The clock was set.", "Look.")


@pytest.fixture
def feed(scanner: Scanner) -> Feed:
    """A feed with a picture and an engine that is well."""
    feed = Feed(scanner.borrow, engines=("pcbm",))
    feed.put(live())
    feed.put(ready())
    feed.put(scanner.shoot())
    return feed


@pytest.fixture
def visit(feed: Feed, tmp_path: Path) -> Visit:
    """A server that keeps sessions in an empty folder."""
    return Visit(feed, Desk(tmp_path))


def ids(said: dict[str, Any]) -> list[str]:
    """The alerts of a message."""
    return [alert["id"] for alert in said["alerts"]]


def test_a_view_without_answers_hears_nothing_of_engines(feed: Feed) -> None:
    """The control arm is told of disk and clock, never of the AI; a page without buttons is told of alarms alone."""
    feed.alerts = (FULL, DEAD, CLOCK)
    assert ids(state(feed)) == ["disk", "engine pcbm", "clock"]
    assert ids(state(feed, has_answers=False)) == ["disk", "clock"]
    assert "pcbm" not in str(state(feed, has_answers=False))
    assert ids(state(feed, has_controls=False)) == ["disk"]


def test_health_says_the_alerts_and_stays_ok(feed: Feed) -> None:
    """A program reads them there; what will go wrong is no fault yet."""
    feed.alerts = (CLOCK,)
    now = health(feed, Limits())
    assert (now.status, ids(now.body)) == ("ok", ["clock"])


async def test_everything_is_known_after_one_look(feed: Feed, visit: Visit) -> None:
    """Processes with why they ended, disk, sessions and words, from one look."""
    ends = (End(5, "was killed by SIGKILL"),)
    watch = Watch(feed, visit, Limits(), Known(lambda: [ProcessNow("record", "running", 1, 1, ends)]))
    await watch.look()
    watch.close()
    now = everything(feed, visit, watch)
    assert (now["words"], now["supervised"]) == ("All is well.", True)
    assert now["processes"][0]["ends"] == [{"wall_ns": 5, "why": "was killed by SIGKILL"}]
    assert now["disk"]["free_bytes"] > 0
    assert now["disk"]["sessions"] == 0
    assert now["disk"]["recording_left_s"] is None


async def test_an_alert_comes_and_goes_with_its_cause(feed: Feed, visit: Visit) -> None:
    """A lost signal is an alarm at the next look, and none once the picture is back."""
    watch = Watch(feed, visit, Limits(), Known())
    feed.put(Status(Signal.UNPLUGGED, "The HDMI box is unplugged."))
    await watch.look()
    assert [(alert.id, alert.sentence) for alert in feed.alerts] == [("picture", "The HDMI box is unplugged.")]
    feed.put(live())
    await watch.look()
    watch.close()
    assert feed.alerts == ()


def test_without_a_supervisor_processes_tell_of_themselves(feed: Feed, visit: Visit) -> None:
    """As in containers: who is there, since when, and a restart for each that was gone and is back, or counts anew."""
    visit.recorder = RecorderStatus(RecorderState.IDLE, pid=7)
    heard = Heard(feed, visit)
    feed.put(Status(Signal.LIVE, captured=100))
    first = {one.name: one for one in heard.look()}
    assert {name: one.state for name, one in first.items()} == dict.fromkeys(
        ["broadcast", "record", "engine pcbm", "serve"], "running"
    )
    assert all(one.since_wall_ns and not one.restarts for one in first.values())
    feed.put(Status(Signal.LIVE, captured=3))
    visit.recorder = RecorderStatus(RecorderState.GONE, "the recorder does not run")
    feed.put(ready(state=EngineState.DEAD, message="it hung"))
    second = {one.name: one for one in heard.look()}
    assert second["broadcast"].restarts == 1
    assert (second["record"].state, second["record"].why) == ("gone", "the recorder does not run")
    assert (second["engine pcbm"].state, second["engine pcbm"].why) == ("gone", "it hung")
    visit.recorder = RecorderStatus(RecorderState.IDLE, pid=9)
    third = {one.name: one for one in heard.look()}
    assert (third["record"].state, third["record"].restarts) == ("running", 1)


def test_a_share_of_the_processor_needs_two_looks() -> None:
    """Half a second of processor time within a second is half a core; a new process begins anew."""
    shares = Shares()
    (first,) = shares.of([ProcessNow("serve", "running", pid=1, cpu_s=2.0)], 0)
    (second,) = shares.of([ProcessNow("serve", "running", pid=1, cpu_s=2.5)], 10**9)
    (third,) = shares.of([ProcessNow("serve", "running", pid=2, cpu_s=0.1)], 2 * 10**9)
    assert [one.cpu_percent for one in (first, second, third)] == [None, 50.0, None]
