"""Many sessions as a table."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.recording import START_NS
from tests.review.test_summary import made, result

from bedside.report.study import MOST_LABELS, labels_left_out, table
from bedside.review.summary import Summary, summarise
from bedside.session.recorded import Recorded

DOCS = Path(__file__).parents[2] / "docs" / "howto" / "report-a-session.md"


def summary(folder: Path, participant: str = "P1", **files: Any) -> Summary:
    """Of a session of one minute with these results."""
    name = f"2026-11-23T10-12-33_{participant}"
    about = {"participant": participant, "name": name, **files.pop("about", {})}
    return summarise(made(folder / participant, about=about, **files))


def read(text: str) -> list[dict[str, str]]:
    """The table's rows."""
    return list(csv.DictReader(io.StringIO(text)))


def test_pandas_reads_it_as_it_is(whole: Path, tmp_path: Path) -> None:
    """One row a session with every number in its type; what was not counted is missing, what was not there is 0."""
    empty = summary(tmp_path, "P2", about={"arm": "video"})
    frame = pandas.read_csv(io.StringIO(table([summarise(Recorded(whole)), empty])), parse_dates=["start", "end"])
    first, second = frame.to_dict("records")
    assert (first["participant"], first["arm"], first["consent"], first["frames"]) == ("P1", "explain", True, 57)
    assert first["start"] == pandas.Timestamp("2026-11-23T10:53:20Z")
    assert first["share_good"] + first["share_near"] + first["share_poor"] == pytest.approx(1, abs=1e-5)
    assert first["first_good_s_head"] < first["first_good_s_abdomen"] < first["first_good_s_femur"]
    assert (first["score_sus"], first["lost_mailbox"], first["age_ms_p95"]) == (50.0, 3, 33.0)
    assert (second["arm"], second["frames"], second["answers"]) == ("video", 0, 0)
    assert second["unanswered_s"] == second["duration_s"] == 60.0
    assert frame.loc[1, ["share_good", "share_label_head", "first_good_s_head", "age_ms_p50", "score_sus"]].isna().all()


def test_every_column_is_explained(whole: Path, tmp_path: Path) -> None:
    """docs/howto/report-a-session.md names each; those of labels and scores with NAME."""
    columns = read(table([summarise(Recorded(whole))]))[0]
    explained = set(re.findall(r"`(\w+)`", DOCS.read_text().split("| column |")[1]))
    for column in columns:
        assert re.sub(r"(_s|_label|score)_(head|femur|abdomen|sus)$", r"\1_NAME", column) in explained, column


def test_a_label_that_one_session_lacks_has_a_share_of_nothing(tmp_path: Path) -> None:
    """All rows have the columns of all labels: never said is a share of 0, and no first time."""
    one = summary(tmp_path, "P1", results=[result(0, "Head (HC)")])
    other = summary(tmp_path, "P2", results=[result(0, "femur", "poor")])
    rows = read(table([one, other]))
    assert [row["share_label_head_hc"] for row in rows] == ["1", "0"]
    assert [row["first_good_s_head_hc"] for row in rows] == ["0", ""]
    assert [row["first_said_s_femur"] for row in rows] == ["", "0"]


def test_labels_that_become_one_name_keep_their_columns(tmp_path: Path) -> None:
    """They are numbered."""
    (row,) = read(table([summary(tmp_path, results=[result(0, "4 CH"), result(100, "4-ch"), result(200, "心")])]))
    assert {"share_label_4_ch", "share_label_4_ch_2", "share_label_unnamed"} <= set(row)


def test_a_model_that_writes_another_label_each_time(tmp_path: Path) -> None:
    """The table stays a table, and how many labels have no column is known."""
    many = summary(tmp_path, results=[result(at * 10, f"HC {at} mm") for at in range(300)])
    (row,) = read(table([many]))
    assert sum(column.startswith("share_label_") for column in row) == MOST_LABELS
    assert labels_left_out([many]) == 300 - MOST_LABELS


@settings(deadline=None, max_examples=25)
@example("", "= +1", "")
@given(st.text(), st.text(), st.text())
def test_no_text_breaks_out_of_its_cell(folder_text: str, arm: str, label: str) -> None:
    """Whatever a session says of itself: one row, as many cells as columns, and nothing that a spreadsheet computes."""
    import tempfile

    about = {"arm": arm, "start": folder_text, "participant": folder_text, "start_monotonic_ns": START_NS}
    with tempfile.TemporaryDirectory() as folder:
        one = summarise(made(Path(folder), about=json.loads(json.dumps(about)), results=[result(0, label)]))
    header, *rows = list(csv.reader(io.StringIO(table([one]))))
    assert len(rows) == 1
    assert len(rows[0]) == len(header) == len(set(header))
    assert not [cell for cell in rows[0] if cell.strip().startswith(("=", "+", "@", "-"))]
    assert all(re.fullmatch(r"[a-z0-9_]+", column) for column in header)
