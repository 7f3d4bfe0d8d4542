"""What operators measure: counters and gauges in the Prometheus format, for `/metrics`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Meter:
    """The service's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "fupan_events_total", "Inbound events", ["platform", "kind", "outcome"], registry=self.registry
        )
        self.event_seconds = Histogram(
            "fupan_event_seconds",
            "From the decoded event to its durable answer",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3),
            registry=self.registry,
        )
        self.refused = Counter(
            "fupan_callbacks_refused_total", "Callbacks answered 4xx", ["platform", "status"], registry=self.registry
        )
        self.outbox = Gauge("fupan_outbox_rows", "Outbox rows by state", ["org", "state"], registry=self.registry)
        self.lag = Gauge("fupan_lag_seconds", "Age of the oldest due row", ["queue"], registry=self.registry)
        self.calls = Gauge(
            "fupan_month_calls",
            "Calls of this month that the platform counts",
            ["org", "platform", "kind"],
            registry=self.registry,
        )
        self.quota = Gauge(
            "fupan_month_quota_ratio",
            "Share of the month's allowance that is used",
            ["org", "platform", "kind"],
            registry=self.registry,
        )
        self.waiting = Gauge("fupan_writer_waiting", "Pieces of work not yet begun", registry=self.registry)
        self.deaf = Gauge("fupan_deaf_connections", "Connections that should listen and do not", registry=self.registry)
        self.ways_down = Gauge("fupan_ways_down", "Ways out through which nothing leaves now", registry=self.registry)

    def render(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)
