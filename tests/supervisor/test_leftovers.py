"""What killed processes leave in shared memory."""

from pathlib import Path

from bedside.supervisor.leftovers import remove_leftovers


def test_only_the_files_of_this_instance_go(tmp_path: Path) -> None:
    """Ring and engine buffers of these ports are removed; those of other ports and other programs stay."""
    ours = ["bedside-8710", "bedside-8710.3", "bedside-8080-pcbm", "bedside-8080-a1"]
    others = ["bedside-87101", "bedside-871", "bedside-8720-x", "bedside-80801-x", "sem.bedside-8710", "other"]
    for name in [*ours, *others]:
        (tmp_path / name).touch()
    assert remove_leftovers(8710, 8080, tmp_path) == len(ours)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
