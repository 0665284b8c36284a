"""Prometheus metrics of the recorder and of the running session, read at the moment of asking."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bedside import clock
from bedside.hub.visit import Visit
from bedside.messages import RecorderState


class SessionStates(Collector):
    """For the registry of `hub/metrics.py`."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield from self._recorder()
        kept = self._visit.scribe.kept
        running = float(self._visit.running is not None)
        yield GaugeMetricFamily("bedside_session_running", "1 while a session runs.", value=running)
        for name, text, value in (
            ("results", "Results written into sessions.", kept.results),
            ("results_lost", "Results that could not be written.", kept.results_lost),
            ("masks_left_out", "Results written without their mask.", kept.masks_left_out),
            ("marks", "Marks written into sessions.", kept.marks),
            ("marks_lost", "Marks that could not be written.", kept.marks_lost),
        ):
            yield CounterMetricFamily(f"bedside_session_{name}", text, value=value)

    def _recorder(self) -> Iterator[Metric]:
        status = self._visit.recorder
        if status is None:
            return
        state = GaugeMetricFamily("bedside_recorder_state", "1 for the state that it is in.", labels=["state"])
        for each in RecorderState:
            state.add_metric([str(each)], float(each is status.state))
        yield state
        recording_s = clock.age_ms(status.since_ns) / 1e3 if status.since_ns else 0.0
        for name, text, value in (
            ("recording_seconds", "Since when it records.", recording_s),
            ("frames", "Frames in the video of this session.", status.frames),
            ("losses", "Frames wanted in the video of this session that are not there.", status.losses),
            ("video_bytes", "Of the video of this session.", status.video_bytes),
            ("free_bytes", "Free on the disk.", status.free_bytes),
        ):
            yield GaugeMetricFamily(f"bedside_recorder_{name}", text, value=value)
