"""Figures for Prometheus, collected from the controller at the moment they are asked for."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from controller import Controller
from controller.lag import BOUNDS_S
from hmi.events import READER, EventRing


class LineCollector(Collector):
    """The line's figures.

    Parameters
    ----------
    controller
        What is asked.
    ring
        The event stream, for its length.
    """

    def __init__(self, controller: Controller, ring: EventRing) -> None:
        self._controller = controller
        self._ring = ring

    def collect(self) -> Iterator[Metric]:
        """Yield links, states and tags by machine, jobs, alarms, events sent, and the lag of the control loop."""
        link = GaugeMetricFamily(
            "foulard_machine_connected", "1 while the link to the machine is up", labels=["machine"]
        )
        state = GaugeMetricFamily("foulard_machine_state", "PackML state number, 0 while unknown", labels=["machine"])
        tags = GaugeMetricFamily("foulard_tag", "Good values of machine tags", labels=["machine", "tag", "unit"])
        for name, machine in self._controller.machines.items():
            snapshot = machine.snapshot()
            link.add_metric([name], float(snapshot.link.value == "connected"))
            state.add_metric([name], float(snapshot.state or 0))
            for tag_name, tag in snapshot.tags.items():
                if isinstance(tag.value, int | float) and snapshot.good(tag_name):
                    tags.add_metric([name, tag_name, tag.unit], float(tag.value))
        jobs = GaugeMetricFamily("foulard_jobs", "Jobs by status", labels=["status"])
        counts: dict[str, int] = {}
        for record in self._controller.desk.jobs(READER):
            counts[record.job.status] = counts.get(record.job.status, 0) + 1
        for status, count in sorted(counts.items()):
            jobs.add_metric([status], count)
        alarms = GaugeMetricFamily(
            "foulard_alarms",
            "Alarms that are not normal, by state (ISA-18.2) and priority",
            labels=["state", "priority"],
        )
        standing = Counter(
            (alarm.position.state, alarm.kind.priority) for alarm in self._controller.alarms.alarms(READER)
        )
        for (letter, priority), count in sorted(standing.items()):
            alarms.add_metric([letter, priority], count)
        events = CounterMetricFamily("foulard_events", "Events put on the stream since the start")
        events.add_metric([], self._ring.seq)
        yield from (link, state, tags, jobs, alarms, events, self._lag())

    def _lag(self) -> Metric:
        lag, seen = self._controller.lag, 0
        buckets = []
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), lag.counts, strict=True):
            seen += count
            buckets.append((bound, seen))
        return HistogramMetricFamily(
            "foulard_loop_lag_seconds", "How late the control loop is", buckets=buckets, sum_value=lag.total_s
        )


def exposition(controller: Controller, ring: EventRing) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(LineCollector(controller, ring))
    return generate_latest(registry)
