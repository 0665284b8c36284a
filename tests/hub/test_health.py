"""The rules behind /health."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.hub.conftest import Hub, Scanner, live, ready, result_of

import bedside
from bedside import clock
from bedside.hub.feed import Feed
from bedside.hub.health import WORDS, Limits, health
from bedside.messages import EngineState, Signal, Status

LIMITS = Limits(frame_s=2.0, answer_s={"pcbm": 5.0})
S = clock.NS_PER_S


@pytest.fixture
def feed(scanner: Scanner) -> Feed:
    """A feed in which all is well."""
    feed = Feed(scanner.borrow, engines=("pcbm",))
    feed.put(live())
    feed.put(ready())
    frame = scanner.shoot()
    feed.put(frame)
    feed.put_result(result_of(frame))
    return feed


def test_all_is_well(feed: Feed) -> None:
    """With a live picture and a fresh answer the word is ok, and nothing is said beside it."""
    now = health(feed, LIMITS)
    assert (now.ok, now.status, now.problems) == (True, "ok", ())
    assert now.body["signal"] == "live"
    assert now.body["frame"]["seq"] == 1
    assert now.body["engines"]["pcbm"]["state"] == "READY"
    assert now.body["engines"]["pcbm"]["age_ms"] is not None
    assert now.body["version"] == bedside.__version__


@pytest.mark.parametrize("signal", [signal for signal in Signal if not signal.has_picture])
def test_without_a_picture_it_says_which_trouble(feed: Feed, signal: Signal) -> None:
    """Every state of the signal without a picture is its own word, with the source's sentence."""
    feed.put(Status(signal, "The cable is out."))
    now = health(feed, LIMITS)
    assert (now.status, now.problems) == (str(signal), ("The cable is out.",))


def test_a_frozen_scanner_is_well(feed: Feed) -> None:
    """Freezing is part of the work."""
    feed.put(Status(Signal.FROZEN))
    assert health(feed, LIMITS).ok


def test_an_old_frame_is_stale(feed: Feed) -> None:
    """A signal that claims to be live while no frame comes is not believed."""
    assert feed.frame is not None
    now = health(feed, LIMITS, feed.frame.captured_ns + 3 * S)
    assert now.status == "stale"
    assert now.problems == ("The newest frame is 3.0 s old; expected at most 2 s.",)


@pytest.mark.parametrize("state", [state for state in EngineState if not state.is_well])
def test_an_engine_that_is_not_well_is_named(feed: Feed, state: EngineState) -> None:
    """The sentence has the engine's name, its state and its own message."""
    feed.put(ready(state=state, message="No module named 'torch'."))
    now = health(feed, LIMITS)
    assert now.status == "engine"
    assert now.problems == (f"The engine 'pcbm' is {state}: No module named 'torch'.",)


def _later(feed: Feed, scanner: Scanner, seconds: float) -> int:
    """`seconds` from now, with a frame that is fresh then."""
    now_ns = clock.monotonic_ns() + int(seconds * S)
    feed.put(scanner.shoot(age_ms=-seconds * 1e3))
    return now_ns


def test_an_engine_that_answers_no_more_is_not_well(feed: Feed, scanner: Scanner) -> None:
    """While frames come, the age of the last finished prediction decides, whatever the port answers."""
    assert health(feed, LIMITS, _later(feed, scanner, 4)).ok
    now = health(feed, LIMITS, _later(feed, scanner, 7))
    assert now.status == "engine"
    assert now.problems[0].startswith("Engine 'pcbm' finished no prediction for 7.0 s")


def test_errors_are_no_predictions(feed: Feed, scanner: Scanner) -> None:
    """An engine that fails on every frame for longer than its limit is not well, though it answers."""
    now_ns = _later(feed, scanner, 7)
    assert feed.frame is not None
    feed.put_result(result_of(feed.frame, error="ValueError: no"))
    assert health(feed, LIMITS, now_ns).status == "engine"


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(lambda feed: feed.put(ready(state=EngineState.DEAD)), id="the engine was gone"),
        pytest.param(lambda feed: feed.put(Status(Signal.UNPLUGGED)), id="the picture was gone"),
    ],
)
def test_an_answer_is_owed_only_since_it_could_be_given(
    feed: Feed, scanner: Scanner, event: Callable[[Feed], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour without picture or engine, health does not turn red in the first moment after its return."""
    event(feed)
    hour_ns = clock.monotonic_ns() + 3600 * S
    monkeypatch.setattr(clock, "monotonic_ns", lambda: hour_ns)
    feed.put(live())
    feed.put(ready())
    feed.put(scanner.shoot())
    assert health(feed, LIMITS, hour_ns + S).ok


def test_an_engine_that_is_not_asked_owes_nothing(feed: Feed, scanner: Scanner) -> None:
    """While it waits for its turn, or its answer holds, no age is too old; from its next turn on it has its time."""
    for still in (replace(ready(), waits=True), replace(ready(), holds=True)):
        feed.put(still)
        assert health(feed, LIMITS, _later(feed, scanner, 3600)).ok
    feed.put(ready())
    assert health(feed, LIMITS, _later(feed, scanner, 4)).ok
    assert health(feed, LIMITS, _later(feed, scanner, 7)).status == "engine"


def test_an_engine_that_rests_may_take_so_much_longer(feed: Feed, scanner: Scanner) -> None:
    """Every 60 s with a deadline of 5 s: one answer in 65 s is due."""
    feed.put(replace(ready(), rest_s=60.0))
    assert health(feed, LIMITS, _later(feed, scanner, 64)).ok
    assert health(feed, LIMITS, _later(feed, scanner, 67)).status == "engine"


def test_replicas_and_losses_are_told(feed: Feed) -> None:
    """How many answers came late, how many frames were passed over, how many replicas are well."""
    feed.put(replace(ready(), late=3, passed_over=40, replicas=2, replicas_well=1))
    told = health(feed, LIMITS).body["engines"]["pcbm"]
    assert [told[key] for key in ("late", "passed_over", "replicas", "replicas_well")] == [3, 40, 2, 1]
    metrics = feed.metrics.text().decode()
    assert 'bedside_engine_late_total{engine="pcbm"} 3.0' in metrics
    assert 'bedside_engine_passed_over_total{engine="pcbm"} 40.0' in metrics
    assert 'bedside_engine_replicas_well{engine="pcbm"} 1.0' in metrics


def test_the_first_problem_is_the_word(feed: Feed) -> None:
    """Signal comes before engines; all sentences are there."""
    feed.put(Status(Signal.OFFLINE, "The broadcaster cannot be reached."))
    feed.put(ready(state=EngineState.DEAD, message="It crashed."))
    now = health(feed, LIMITS)
    assert now.status == "offline" and now.status in WORDS
    assert len(now.problems) == 2


async def test_the_address_answers_with_200_or_503(hub: Hub) -> None:
    """A probe needs only the status code; a person reads the sentences."""
    response = await hub.http.get(hub.url / "health")
    body = await response.json()
    assert (response.status, body["status"], body["recorder"], body["viewers"]) == (503, "offline", None, 0)
    assert body["problems"][0] == "Waiting for the broadcaster."
    for engine in ("pcbm", "bpd"):
        hub.feed.put(ready(engine))
    hub.feed.put(live())
    hub.shoot()
    response = await hub.http.get(hub.url / "health")
    assert (response.status, (await response.json())["status"]) == (200, "ok")
