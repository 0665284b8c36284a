"""Which part may import which: the arrows of ARCHITECTURE.md, checked."""

import ast
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"
BASE = {"errors", "clock", "inks", "loopback", "messages", "thinner", "threads", "wire"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "inks": set(),
    "loopback": set(),
    "messages": {"errors"},
    "thinner": {"clock"},
    "threads": {"clock"},
    "wire": {"errors", "messages"},
    "logs": {"errors", "clock"},
    "settings_value": {"errors"},
    "settings_tables": {"settings_value"},
    "settings_check": {"errors", "settings_tables"},
    "settings": {"errors", "loopback", "settings_check", "settings_tables", "settings_value"},
    "settings_text": {"settings", "settings_tables", "settings_value"},
    "phantom": {"errors", "messages"},
    "source": BASE | {"phantom"},
    "bus": BASE,
    "session": BASE,
    "engine": BASE,
    "recorder": BASE | {"bus", "session"},
    "review": BASE | {"session"},
    "replay": BASE | {"bus", "engine", "review", "router", "session"},
    "report": BASE | {"review", "session"},
    "export": BASE | {"review", "session"},
    "router": BASE | {"bus", "engine"},
    "access": BASE,
    "network": BASE,
    "audit": BASE | {"session"},
    "hub": BASE | {"access", "bus", "review", "router", "session"},
    "supervisor": BASE | {"settings", "settings_tables"},
    "compose": BASE | {"engine", "settings", "settings_tables", "supervisor"},
    "bundle": BASE | {"engine", "settings", "settings_tables"},
    "check": BASE | {"bus", "engine", "hub", "router", "supervisor"},
    "bench": BASE | {"bus", "check", "engine", "report", "source", "supervisor"},
}
ROOTS = {"__init__", "__main__", "cli"}  # composition roots see everything
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "manager"}
FILES = sorted((SRC / "bedside").rglob("*.py"))


def part_of(path: Path) -> str:
    """The part that a file belongs to: the folder's name, or its own."""
    return path.relative_to(SRC / "bedside").with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Full names of everything that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_follow_the_arrows(path: Path) -> None:
    """A part imports only the parts that its row in the table allows."""
    part = part_of(path)
    if part in ROOTS:
        return
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("bedside.") and name.count(".")}
    ours -= {"__version__"}
    assert ours <= MAY_IMPORT[part] | {part}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_only_the_clock_asks_the_time(path: Path) -> None:
    """No module but clock.py imports `time` or `datetime.now`-like clocks."""
    assert part_of(path) == "clock" or "time" not in imports(path)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_nothing_is_pickled(path: Path) -> None:
    """No message between processes is a pickle."""
    assert not imports(path) & {"pickle", "multiprocessing", "multiprocessing.Queue"}


def test_the_runner_needs_the_standard_library_and_numpy_only() -> None:
    """bedside_engine runs in a stranger's environment: it imports nothing else, nothing of bedside either."""
    for path in (SRC / "bedside_engine").rglob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)}
        assert tops <= set(sys.stdlib_module_names) | {"numpy", "bedside_engine"}, path


def test_no_module_has_a_name_that_says_nothing() -> None:
    """No module or folder is called utils, helpers, common, core or manager."""
    for path in FILES:
        assert not FORBIDDEN_NAMES & set(path.relative_to(SRC).with_suffix("").parts), path


def test_modules_and_functions_stay_small() -> None:
    """No module above 500 lines, no function above 60."""
    for path in [*FILES, *(SRC / "bedside_engine").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 500, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"
