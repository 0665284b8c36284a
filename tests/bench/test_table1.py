"""The paper's Table 1 beside ours."""

from bench.kept import Row

from bench import table1


def row(name: str) -> Row:
    """A figure as it stands in the file."""
    ms = {key: {"mean": 10.0, "sd": 1.0} for key in ("native", "framework", "difference", "added")}
    return {"name": table1.NAME + name, "detail": {"table1": ms}}


def test_ours_stand_above_the_papers() -> None:
    """A line for each model that was measured, in seconds, on its machine; then the paper's six."""
    lines = table1.table1_table([row("pcbm"), row("empty"), {"name": "other", "detail": {}}], "two cores").splitlines()
    assert len(lines) == 2 + 2 + len(table1.PAPER)
    assert lines[2].startswith("| empty: does nothing | two cores | 0.0100 ± 0.0010 |")
    assert lines[3].startswith("| pcbm: ")
    assert lines[-1] == "| the paper's model | mini-PC, CPU | 1.20 | 1.23 ± 0.10 | 0.03 ± 0.01 |"
    assert not table1.table1_table([], "two cores")


def test_each_model_is_there() -> None:
    """Every engine of the table lies where the table looks for it."""
    assert all((folder / name / "engine.py").is_file() for name, (folder, _) in table1.MODELS.items())
