"""A recorded session as a stream of events."""

from pathlib import Path

from tests.replay.runs import ALL, session

from bedside.messages import Frame, Signal, Status
from bedside.replay.tape import Tape
from bedside.session.recorded import Recorded
from bedside.session.rows import Row, RowKind


async def test_a_word_for_the_signal_that_nobody_knows_costs_no_frame(tmp_path: Path) -> None:
    """A row of a newer version, or a damaged one, still has its picture; a change without one still is a change."""
    folder = session(tmp_path)
    recorded = Recorded(folder)
    text = recorded.paths.frames.read_text().replace(",live,0,", ",bright,0,")
    change = Row(RowKind.SIGNAL, -1, 0, int(recorded.frames.captured_ns[30]) - 1, 0, "dim")
    recorded.paths.frames.write_text(text + change.text)
    recorded = Recorded(folder)
    tape = Tape(recorded, 0, 60)
    try:
        events = [step.event async for step in tape.steps()]
    finally:
        tape.close()
    frames = [event for event in events if isinstance(event, Frame)]
    assert recorded.frames.signal[0] == "bright"
    assert [frame.seq for frame in frames] == ALL[:60]
    assert {frame.signal for frame in frames} == {Signal.LIVE}
    assert [event.signal for event in events if isinstance(event, Status)] == [Signal.NO_SIGNAL]
