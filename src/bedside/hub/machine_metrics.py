"""Prometheus metrics of the machine, the processes and the alerts, read at the moment of asking."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bedside import clock
from bedside.hub.alerts import KINDS, Level, left_s
from bedside.hub.feed import Feed
from bedside.hub.watch import Watch


class MachineStates(Collector):
    """For the registry of `hub/metrics.py`."""

    def __init__(self, feed: Feed, watch: Watch) -> None:
        self._feed = feed
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """All of them; what this machine does not tell is left out."""
        yield self._alerts()
        yield from self._processes()
        reading, facts = self._watch.reading, self._watch.facts()
        hot = GaugeMetricFamily("bedside_temperature_celsius", "Of each sensor of this machine.", labels=["sensor"])
        for place, one in enumerate(reading.temperatures):
            hot.add_metric([f"{place} {one.name}"], one.celsius)
        yield hot
        kept = self._watch.kept
        left, ends_ns = left_s(facts), self._watch.certificate_ends_ns
        for name, text, value in (
            ("disk_free_bytes", "Free on the disk of the sessions.", facts.free_bytes),
            ("disk_total_bytes", "Size of that disk.", reading.disk.total_bytes if reading.disk else None),
            ("sessions_bytes", "What all sessions take.", kept.size_bytes if kept else None),
            ("recording_left_seconds", "For so long a recording there is room.", left),
            ("memory_free_bytes", "Memory that programs may still have.", reading.memory_free_bytes),
            ("load", "Processes that want the processor, over the last minute.", reading.load),
            ("slowed_seconds", "Of the last minute, the processor held back by heat or a limit.", reading.slowed_s),
            ("clock_jump_seconds", "By so much the clock was set in the last ten minutes.", reading.clock_jump_s),
            (
                "certificate_ends_seconds",
                "When the certificate ends, since 1970.",
                ends_ns and ends_ns / clock.NS_PER_S,
            ),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"bedside_{name}", text, value=value)

    def _alerts(self) -> Metric:
        family = GaugeMetricFamily("bedside_alerts", "Alerts that stand.", labels=["kind", "level"])
        standing = [(alert.id.split(" ")[0], alert.level) for alert in self._feed.alerts]
        for kind in KINDS:
            for level in Level:
                family.add_metric([kind, level.word], standing.count((kind, level)))
        return family

    def _processes(self) -> Iterator[Metric]:
        running = GaugeMetricFamily("bedside_process_running", "1 while it runs.", labels=["process"])
        restarts = CounterMetricFamily("bedside_process_restarts", "Starts after the first.", labels=["process"])
        memory = GaugeMetricFamily("bedside_process_memory_bytes", "Its own, with its children.", labels=["process"])
        spent = CounterMetricFamily("bedside_process_cpu_seconds", "Processor time of it.", labels=["process"])
        for one in self._watch.processes:
            running.add_metric([one.name], float(one.is_well))
            restarts.add_metric([one.name], one.restarts)
            if one.memory_bytes is not None:
                memory.add_metric([one.name], one.memory_bytes)
            if one.cpu_s is not None:
                spent.add_metric([one.name], one.cpu_s)
        yield from (running, restarts, memory, spent)
