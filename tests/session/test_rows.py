"""The rows of frames.csv: what is written is read, by us and by pandas."""

from io import StringIO

import pandas
from hypothesis import given
from hypothesis import strategies as st

from bedside.messages import Signal
from bedside.session.rows import COLUMNS, HEADER, Row, RowKind, parsed

NUMBERS = st.integers(-1, 2**62)
ROWS = st.builds(
    Row,
    st.sampled_from(RowKind),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.sampled_from([str(signal) for signal in Signal]),
    NUMBERS,
    NUMBERS,
    st.sampled_from(["", "source", "bus", "mailbox", "recorder", "disk", "killed"]),
)


@given(ROWS)
def test_a_row_comes_back(row: Row) -> None:
    """A row's line is read as the same row; without its end it is torn, and none."""
    assert parsed(row.text) == row
    assert parsed(row.text[:-1]) is None


@given(st.lists(ROWS, max_size=5))
def test_pandas_reads_them(rows: list[Row]) -> None:
    """`pandas.read_csv` finds the columns and each number exactly."""
    table = pandas.read_csv(StringIO(HEADER + "".join(row.text for row in rows)), keep_default_na=False)
    assert tuple(table.columns) == COLUMNS
    assert list(table["captured_ns"]) == [row.captured_ns for row in rows]
    assert list(table["where"]) == [row.where for row in rows]


@given(st.text(max_size=60))
def test_what_is_no_row_is_none(line: str) -> None:
    """Neither the header nor any other text is taken for a row, and none raises."""
    assert parsed(HEADER) is None
    found = parsed(line)
    assert found is None or found.text == line
