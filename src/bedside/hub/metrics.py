"""Prometheus metrics of the server; docs/reference/health.md lists every one."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bedside import clock
from bedside.messages import EngineState, EngineStatus, Frame, Loss, Result, Signal, Status

AGES_S = (0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
ADDED_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.06, 0.12, 0.5)
MODEL_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 2.0, 5.0, 10.0)


class Watched(Protocol):
    """What is read when somebody asks for the metrics."""

    status: Status
    frame: Frame | None
    viewers: dict[str, int]

    @property
    def engine_statuses(self) -> tuple[EngineStatus, ...]: ...


class Metrics:
    """Counts and histograms in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line per counter that says when the server started
        self.registry = CollectorRegistry()
        self._ages = Histogram(
            "bedside_frame_age_seconds",
            "Age of a frame, since its capture, when it reaches a place.",
            ["place"],
            buckets=AGES_S,
            registry=self.registry,
        )
        self._model = Histogram(
            "bedside_model_seconds", "Time in the model.", ["engine"], buckets=MODEL_S, registry=self.registry
        )
        self._added = Histogram(
            "bedside_added_seconds",
            "Time that Bedside added to an answer.",
            ["engine"],
            buckets=ADDED_S,
            registry=self.registry,
        )
        self._frames = Counter("bedside_frames", "Frames that reached the server.", registry=self.registry)
        self._lost = Counter(
            "bedside_frames_lost", "Frames that never reached the server.", ["cause"], registry=self.registry
        )
        self._sent = Counter("bedside_pictures_sent", "Pictures sent to pages.", ["stream"], registry=self.registry)
        self._skipped = Counter(
            "bedside_pictures_skipped",
            "Pictures passed over because a page was slower.",
            ["stream"],
            registry=self.registry,
        )
        self._dropped = Counter("bedside_pages_dropped", "Pages closed by us.", ["cause"], registry=self.registry)
        self._refused = Counter(
            "bedside_connections_refused", "Connections that were one too many.", registry=self.registry
        )
        for cause in ("source", "bus", "mailbox"):
            self._lost.labels(cause)
        # Kept, since looking a label up costs more than counting, and each frame counts at every place.
        self._age_at = {place: self._ages.labels(place) for place in ("server", "answer", "paint", "paint_answer")}
        self._sent_on = {stream: self._sent.labels(stream) for stream in ("live", "answer")}
        self._skipped_on = {stream: self._skipped.labels(stream) for stream in ("live", "answer")}
        for cause in ("garbage", "stuck", "too many"):
            self._dropped.labels(cause)

    def watch(self, feed: Watched) -> None:
        """From now on the states and counts of `feed` are read with the metrics."""
        self.registry.register(_States(feed))

    def frame(self, frame: Frame) -> None:
        """A frame reached the server."""
        self._frames.inc()
        self._age_at["server"].observe(max(0.0, clock.age_ms(frame.captured_ns)) / 1e3)

    def loss(self, loss: Loss) -> None:
        """Frames did not reach the server."""
        self._lost.labels(loss.where).inc(loss.count)

    def result(self, result: Result) -> None:
        """An engine answered."""
        timing = result.timing
        self._age_at["answer"].observe(max(0.0, clock.age_ms(timing.captured_ns, timing.answered_ns)) / 1e3)
        self._model.labels(result.engine).observe(timing.model_ms / 1e3)
        self._added.labels(result.engine).observe(max(0.0, timing.added_ms) / 1e3)

    def sent(self, stream: str, skipped: int) -> None:
        """A page was sent a picture, after it had missed `skipped` others."""
        self._sent_on[stream].inc()
        self._skipped_on[stream].inc(skipped)

    def painted(self, stream: str, age_ms: float) -> None:
        """A page painted a picture when its frame was `age_ms` old."""
        self._age_at["paint" if stream == "live" else "paint_answer"].observe(age_ms / 1e3)

    def dropped(self, cause: str) -> None:
        """A page was closed by us."""
        self._dropped.labels(cause).inc()

    def refused(self) -> None:
        """A connection was one too many."""
        self._refused.inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _States(Collector):
    """States and counts that others keep, read at the moment of asking."""

    def __init__(self, feed: Watched) -> None:
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        yield from self._source()
        yield from self._engines()
        viewers = GaugeMetricFamily("bedside_viewers", "Pages that are open.", labels=["view"])
        for view, count in self._feed.viewers.items():
            viewers.add_metric([view], count)
        yield viewers

    def _source(self) -> Iterator[Metric]:
        status, frame = self._feed.status, self._feed.frame
        signal = GaugeMetricFamily("bedside_signal", "1 for the state that the signal is in.", labels=["state"])
        for state in Signal:
            signal.add_metric([str(state)], float(state is status.signal))
        yield signal
        yield GaugeMetricFamily("bedside_source_fps", "Measured frames per second of the source.", value=status.fps)
        yield CounterMetricFamily("bedside_source_drops", "Frames that the device lost.", value=status.drops)
        yield CounterMetricFamily("bedside_source_skips", "Frames passed over for a newer one.", value=status.skips)
        yield CounterMetricFamily("bedside_source_reopens", "How often the source was reopened.", value=status.reopens)
        if frame is not None:
            age_s = clock.age_ms(frame.captured_ns) / 1e3
            yield GaugeMetricFamily("bedside_newest_frame_age_seconds", "Age of the newest frame.", value=age_s)

    def _engines(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "bedside_engine_state", "1 for the state that an engine is in.", labels=["engine", "state"]
        )
        counts = {
            name: CounterMetricFamily(f"bedside_engine_{name}", text, labels=["engine"])
            for name, text in {
                "answers": "Answers of an engine.",
                "errors": "Frames on which a model failed.",
                "restarts": "How often an engine came back after it had been gone.",
                "late": "Answers dropped since one to a newer frame was out already.",
                "passed_over": "Frames that a newer one replaced before an engine was free.",
            }.items()
        }
        replicas = GaugeMetricFamily(
            "bedside_engine_replicas_well", "Replicas of an engine that are ready or busy.", labels=["engine"]
        )
        for status in self._feed.engine_statuses:
            replicas.add_metric([status.engine], status.replicas_well)
            for each in EngineState:
                state.add_metric([status.engine, str(each)], float(each is status.state))
            for name, family in counts.items():
                family.add_metric([status.engine], getattr(status, name))
        yield state
        yield replicas
        yield from counts.values()
