"""What killed processes leave in shared memory."""

import fcntl
from pathlib import Path

from bedside.supervisor.leftovers import remove_leftovers


def test_only_what_belongs_to_this_instance_goes(tmp_path: Path) -> None:
    """Ring and engine buffers of this instance are removed; those of other ports, engines and programs stay."""
    ours = ["bedside-8710", "bedside-8710.new", "bedside-stage-pcbm-12-1", "bedside-stage-a.b-12-3"]
    others = ["bedside-87101", "bedside-871", "bedside-stage-pcbm2-1-1", "bedside-stage-axb-12-3", "sem.bedside-8710"]
    for name in [*ours, *others]:
        (tmp_path / name).touch()
    assert remove_leftovers("bedside-8710", ["pcbm", "a.b"], tmp_path) == sorted(ours)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_buffer_whose_owner_lives_stays(tmp_path: Path) -> None:
    """Another server with an engine of the same name keeps its buffer."""
    with (tmp_path / "bedside-stage-pcbm-12-1").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert remove_leftovers("bedside-8710", ["pcbm"], tmp_path) == []
    assert remove_leftovers("bedside-8710", ["pcbm"], tmp_path) == ["bedside-stage-pcbm-12-1"]
