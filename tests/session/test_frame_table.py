"""`frames.csv` as columns."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.session import frame_table
from bedside.session.rows import HEADER, Row, RowKind, parsed

WHOLE = Row(RowKind.FRAME, 4, 1, 4_000, 14_000, "live", 0, 0)
TORN = ["frame,4", "frame,4,1,4000,14000,live,0,x,", "\n", "frame,99999999999999999999999,1,1,1,live,0,0,\n", HEADER]


def read(folder: Path, text: str) -> frame_table.FrameTable:
    """The table of this text."""
    (folder / "frames.csv").write_text(text)
    return frame_table.read(folder / "frames.csv")


def test_frames_losses_and_signals_are_told_apart(tmp_path: Path) -> None:
    """Rows of frames become columns in the order of their capture; the other rows stay as they are."""
    later = Row(RowKind.FRAME, 9, 1, 9_000, 19_000, "frozen", 1, 45)
    loss = Row(RowKind.LOSS, 5, 4, 9_000, 19_000, "live", where="bus")
    gone = Row(RowKind.SIGNAL, -1, 0, 9_500, 19_500, "unplugged")
    table = read(tmp_path, HEADER + "".join(row.text for row in (loss, later, gone, WHOLE)))
    assert (table.seq.tolist(), table.segment.tolist(), table.pts.tolist()) == ([4, 9], [0, 1], [0, 45])
    assert (table.signal, table.losses, table.signals) == (("live", "frozen"), (loss,), (gone,))


def test_a_frame_is_found_by_its_number_and_time(tmp_path: Path) -> None:
    """Numbers start again with a new broadcaster: both must fit."""
    again = Row(RowKind.FRAME, 4, 1, 8_000, 18_000, "live", 1, 0)
    table = read(tmp_path, HEADER + WHOLE.text + again.text)
    assert (table.index_of(4, 4_000), table.index_of(4, 8_000), table.index_of(5, 8_000)) == (0, 1, None)
    assert [table.index_at(at) for at in (0, 4_000, 7_999, 8_000, 10_000)] == [0, 0, 0, 1, 1]


def test_a_missing_table_is_empty_and_a_folder_is_refused(tmp_path: Path) -> None:
    """A session without video has no frames."""
    table = frame_table.read(tmp_path / "frames.csv")
    assert (len(table), table.index_at(5), table.index_of(1, 5)) == (0, -1, None)
    with pytest.raises(SessionError, match="cannot be read: Is a directory"):
        frame_table.read(tmp_path)


@given(
    st.lists(
        st.sampled_from(TORN)
        | st.builds(
            lambda kind, at: Row(kind, at % 97, 1, at, at + 10, "live", at % 3, at).text,
            st.sampled_from(RowKind),
            st.integers(0, 2**50),
        )
    ),
    st.sampled_from(["", "frame,7,1,7"]),
)
def test_damage_costs_the_damaged_rows_only(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str
) -> None:
    """Whatever was torn: the other rows are those that reading line by line finds."""
    text = HEADER + "".join(lines) + end
    table = read(tmp_path_factory.mktemp("table"), text)
    rows = [row for line in text.splitlines(keepends=True) if (row := parsed(line)) is not None]
    frames = sorted((row for row in rows if row.kind is RowKind.FRAME and row.seq < 2**62), key=lambda r: r.captured_ns)
    assert table.captured_ns.tolist() == [row.captured_ns for row in frames]
    assert table.seq.tolist() == [row.seq for row in frames]
    assert table.signal == tuple(row.signal for row in frames)
    assert table.losses == tuple(row for row in rows if row.kind is RowKind.LOSS)
