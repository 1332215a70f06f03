"""A histogram that takes hundreds of durations in one step."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


@dataclass(slots=True)
class _Sums:
    counts: list[int]
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Durations(Collector):
    """Seconds by kind. The library's own takes two locks for each, and a search from the lowest bound.

    ``bounds`` in seconds, rising; what is above the last is counted all the same.
    """

    def __init__(self, name: str, words: str, bounds: Sequence[float]) -> None:
        self._name, self._words = name, words
        self._bounds = tuple(map(float, bounds))
        self._kinds: dict[str, _Sums] = {}

    def observe(self, kind: str, seconds: Iterable[float]) -> None:
        """These took so long. May be called from several threads."""
        sums = self._kinds.get(kind)
        if sums is None:
            sums = self._kinds.setdefault(kind, _Sums([0] * (len(self._bounds) + 1)))
        with sums.lock:
            for one in seconds:
                sums.counts[bisect_left(self._bounds, one)] += 1
                sums.seconds += one

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """As ``/metrics`` shows it: counts up to each bound, the sum of all."""
        family = HistogramMetricFamily(self._name, self._words, labels=["kind"])
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for kind, sums in list(self._kinds.items()):
            with sums.lock:
                counts, seconds = list(sums.counts), sums.seconds
            family.add_metric([kind], list(zip(names, accumulate(counts), strict=True)), seconds)
        yield family
