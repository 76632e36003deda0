"""Figures for Prometheus: counts and gauges of nobody in particular."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.presses = Counter("porchlight_presses", "Presses that were accepted.", registry=self.registry)
        self.tries = Counter(
            "porchlight_tries", "Tries to deliver a message.", ["channel", "outcome"], registry=self.registry
        )
        self.alarms = Counter("porchlight_operator_alarms", "Operator alarms.", ["what"], registry=self.registry)
        self.consoles = Gauge("porchlight_consoles", "Consoles that read the feed.", registry=self.registry)
        self.waiting = Gauge("porchlight_waiting", "What waits, or is overdue.", ["what"], registry=self.registry)

    def tried(self, channel: str, outcome: str) -> None:
        """One try to deliver ended so."""
        self.tries.labels(channel, outcome).inc()
