"""The metrics and their reference."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from tests.hub.conftest import Scanner

from bedside.hub.feed import Feed
from bedside.hub.health import WORDS, Limits
from bedside.hub.machine_metrics import MachineStates
from bedside.hub.processes import ProcessNow
from bedside.hub.session_metrics import SessionStates
from bedside.hub.visit import Visit
from bedside.hub.watch import Known, Watch
from bedside.messages import EngineState, EngineStatus, RecorderState, RecorderStatus
from bedside.session.desk import Desk

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "health.md").read_text(encoding="utf-8")


async def test_every_metric_is_in_the_reference(scanner: Scanner, tmp_path: Path) -> None:
    """docs/reference/health.md names each metric, and none that does not exist."""
    feed = Feed(scanner.borrow)
    visit = Visit(feed, Desk(tmp_path))
    visit.recorder = RecorderStatus(RecorderState.RECORDING)
    feed.metrics.registry.register(SessionStates(visit))
    watch = Watch(feed, visit, Limits(), Known(lambda: [ProcessNow("serve", "running", memory_bytes=1, cpu_s=1.0)]))
    feed.metrics.registry.register(MachineStates(feed, watch))
    await watch.look()
    watch.bytes_per_s, watch.certificate_ends_ns = 1.0, 1
    watch.close()
    feed.put(scanner.shoot())
    feed.put(EngineStatus("pcbm", EngineState.READY))
    found = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(feed.metrics.text().decode())
    }
    assert set(re.findall(r"^\| `(bedside_\w+)` \|", REFERENCE, re.MULTILINE)) == found


def test_every_word_of_health_is_in_the_reference() -> None:
    """docs/reference/health.md says when each word is said."""
    cells = "".join(re.findall(r"^\| (`.*?) \|", REFERENCE, re.MULTILINE))
    assert all(f"`{word}`" in cells for word in WORDS)
