"""Figures for Prometheus: counts and gauges of nobody in particular."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.presses = Counter("porchlight_presses", "Presses that were accepted.", registry=self.registry)
        self.fixes = Counter("porchlight_fixes", "Positions that were accepted.", ["source"], registry=self.registry)
        self.fixes_refused = Counter(
            "porchlight_fixes_refused", "Positions that could not be taken.", ["source", "why"], registry=self.registry
        )
        self.tries = Counter(
            "porchlight_tries", "Tries to deliver a message.", ["channel", "outcome"], registry=self.registry
        )
        self.left_alone = Gauge(
            "porchlight_left_alone",
            "Providers, servers and webhooks that are left alone for now, silent or broken as they are.",
            ["channel"],
            registry=self.registry,
        )
        self.alarms = Counter("porchlight_operator_alarms", "Operator alarms.", ["what"], registry=self.registry)
        self.consoles = Gauge("porchlight_consoles", "Consoles that read the feed.", registry=self.registry)
        self.waiting = Gauge("porchlight_waiting", "What waits, or is overdue.", ["what"], registry=self.registry)
        self.store_up = self._gauge("store_up", "Whether the store is there and takes writes.")
        self.spooled = self._gauge("spooled", "Presses, cancels and answers that lie in this process's spool.")
        self.spool_oldest = self._gauge("spool_oldest_seconds", "How long the oldest of them has lain there.")
        # Told only by a process that publishes: one that has no broker must not look as if its broker were away.
        self.broker_up = Gauge(
            "porchlight_broker_up", "Whether the broker takes what this process publishes.", registry=None
        )
        self._tells_of_broker = False
        self.pump_active = self._gauge("pump_active", "Whether this process takes timers that are due.")
        self.clock_offset = self._gauge(
            "clock_offset_seconds", "By how much the store's clock is ahead of this machine's."
        )
        self.stream_partitions = self._gauge("stream_partitions", "Partitions that this process reads.")
        self._dropped = Counter(
            "porchlight_wakes_dropped", "Wake-ups that were left to the sweeper.", registry=self.registry
        )
        self._dropped_before = 0

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"porchlight_{name}", help_text, registry=self.registry)

    def set_broker(self, *, up: bool) -> None:
        """Whether the broker takes what this process publishes."""
        if not self._tells_of_broker:
            self._tells_of_broker = True
            self.registry.register(self.broker_up)
        self.broker_up.set(up)

    def count_dropped(self, so_far: int) -> None:
        """So many wake-ups were dropped since the process began."""
        self._dropped.inc(so_far - self._dropped_before)
        self._dropped_before = so_far

    def tried(self, channel: str, outcome: str) -> None:
        """One try to deliver ended so."""
        self.tries.labels(channel, outcome).inc()
