"""What the Inbox counts, and what became of every webhook, as Prometheus text.

Nothing is counted here: the figures are read when they are scraped, so that a webhook costs one
increment in a plain ``Counter``. The registry is our own: the library's global one would add the
Python process's figures, and a second listener in one process (a test) would collide with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from traywatch.listener import Counters, Inbox, Verdict

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4.encode("ascii")
"""Prometheus text format 0.0.4, which every scraper reads."""


class Exposition:
    """The text of /metrics."""

    def __init__(self, inbox: Inbox, verdicts: Counter[Verdict]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(inbox, verdicts))

    def text(self) -> bytes:
        """As of now, in CONTENT_TYPE."""
        return generate_latest(self._registry)


class _Figures(Collector):
    def __init__(self, inbox: Inbox, verdicts: Counter[Verdict]) -> None:
        self._inbox = inbox
        self._verdicts = verdicts

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry would otherwise collect once to learn the names."""
        return ()

    def collect(self) -> Iterable[Metric]:
        yield from _pages(self._inbox.counters())
        # Every verdict from the start: a rate over a label that appears with its first event is 0.
        webhooks = {verdict.value: self._verdicts[verdict] for verdict in Verdict}
        yield _by_label("webhooks", "Webhooks by what became of them.", "verdict", webhooks)


def _pages(counters: Counters) -> Iterable[Metric]:
    yield _by_label("polls", "Polls by their result.", "result", counters.polls)
    yield _count("polls_not_modified", "Polls answered with 304.", counters.not_modified)
    yield _count("received_bytes", "Bytes received, compressed.", counters.received_bytes)
    yield _count("updates", "Events appended to the log.", counters.updates)
    yield _count("toasts", "Notifications shown.", counters.toasts)
    yield GaugeMetricFamily(
        "traywatch_poll_lateness_seconds",
        "How much later than planned the last poll was sent.",
        value=counters.lateness_s,
    )
    behind = "Events a sink has not emitted yet."
    yield _gauge("sink_behind_events", behind, "sink", counters.sinks_behind)
    # A page whose severity was never known has no sample: 0 would say that all is well.
    known = {page: s for page, s in counters.page_severity.items() if s is not None}
    scale = "0 operational, 1 maintenance, 2 degraded, 3 partial outage, 4 major outage."
    yield _gauge("page_severity", scale, "page", known)
    readable = "1 when the page could be read."
    yield _gauge("page_readable", readable, "page", counters.page_readable)


def _count(name: str, about: str, value: int) -> Metric:
    return CounterMetricFamily(f"traywatch_{name}", about, value=value)


def _by_label(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"traywatch_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"traywatch_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
