"""Messages: the few rules that they carry themselves."""

from hypothesis import given
from hypothesis import strategies as st

from bedside.messages import EngineState, Signal, Timing

MS = 1_000_000


def test_waiting_for_the_model_is_not_what_bedside_added() -> None:
    """A frame that lay in the ring while the engine was busy counts from when the engine was free."""
    timing = Timing(
        captured_ns=0,
        published_ns=2 * MS,
        free_ns=30 * MS,
        taken_ns=31 * MS,
        asked_ns=32 * MS,
        answered_ns=75 * MS,
        model_ms=40.0,
    )
    assert timing.added_ms == 5.0
    assert timing.stages_ms == {"capture": 2.0, "announce": 1.0, "stage": 1.0, "request": 3.0, "model": 40.0}


def test_announcing_a_frame_to_a_waiting_engine_is_added() -> None:
    """An engine that waits for a frame is asked from the moment when it lies in the ring."""
    timing = Timing(0, published_ns=10 * MS, taken_ns=11 * MS, asked_ns=12 * MS, answered_ns=15 * MS, model_ms=2.0)
    assert timing.due_ns == 10 * MS
    assert timing.added_ms == 3.0


@given(*[st.integers(0, 10**12) for _ in range(6)], st.floats(0, 1e4))
def test_the_stages_add_up(a: int, b: int, c: int, d: int, e: int, f: int, model_ms: float) -> None:
    """Whatever the times, the stages between due and answered sum up to what was added and the model's time."""
    captured, published, taken, asked, answered = sorted((a, b, c, d, e))
    timing = Timing(captured, published, taken, asked, answered, model_ms, free_ns=f)
    stages = timing.stages_ms
    total = stages["announce"] + stages["stage"] + stages["request"]
    assert abs(total - timing.added_ms) < 1e-3
    assert stages["announce"] >= 0


def test_only_a_live_or_frozen_picture_is_a_picture() -> None:
    """No engine is asked about anything else."""
    assert {signal for signal in Signal if signal.has_picture} == {Signal.LIVE, Signal.FROZEN}


def test_answers_can_be_expected_of_a_ready_or_busy_engine() -> None:
    """All other states need attention."""
    assert {state for state in EngineState if state.is_well} == {EngineState.READY, EngineState.BUSY}
