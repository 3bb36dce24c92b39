"""The metrics of all of the server's processes, for Prometheus: ``/metrics``.

The client library shares values between processes in files, in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names. It
reads this variable when it is imported, so ``share`` is called before this module is.
"""

import struct
import time
from dataclasses import dataclass
from importlib.metadata import version
from os import environ
from threading import Lock
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from deltacloud_images.kit.pool import count_items
from deltacloud_images.registry import Registry
from deltacloud_images.serving.multiprocess import FOLDER_VARIABLE
from deltacloud_images.web.bulkheads import Bulkheads, Cloud
from deltacloud_images.web.served import Served

OTHER = "other"
_READ_ATTEMPTS = 5
_READ_PAUSE_SECONDS = 0.01
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_CLOUD = ("driver", "provider")
_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BUILD = Gauge("deltacloud_build_info", "The version that runs.", ("version",), multiprocess_mode="mostrecent")
_REQUESTS = Counter("deltacloud_requests_total", "Requests.", ("operation", "method", "status", *_CLOUD))
_DURATION = Histogram(
    "deltacloud_request_duration_seconds", "Time until a response is complete.", ("operation",), buckets=_SECONDS
)
_BYTES = Counter("deltacloud_response_bytes_total", "Bytes of responses' bodies.", ("operation",))
_CALL_DURATION = Histogram("deltacloud_cloud_call_duration_seconds", "Calls to clouds.", _CLOUD, buckets=_SECONDS)
_RETRIES = Counter("deltacloud_cloud_retries_total", "Calls to clouds that repeated another.", _CLOUD)
_TIMEOUTS = Counter("deltacloud_cloud_timeouts_total", "Calls to clouds that the time limit ended.", _CLOUD)
_THROTTLED = Counter("deltacloud_cloud_throttled_total", "Calls that clouds refused as too many.", _CLOUD)
_HITS = Counter("deltacloud_cache_hits_total", "Values of clouds that were kept.", _CLOUD)
_MISSES = Counter("deltacloud_cache_misses_total", "Values of clouds that had to be fetched.", _CLOUD)
_TAKEN = Gauge("deltacloud_threads_taken", "Threads that a cloud has.", _CLOUD, multiprocess_mode="livesum")
_WAITING = Gauge(
    "deltacloud_requests_waiting", "Requests that wait for a thread of a cloud.", _CLOUD, multiprocess_mode="livesum"
)
_SESSIONS = Gauge("deltacloud_sessions", "Pooled logins and sessions of clouds.", multiprocess_mode="livesum")


@dataclass(frozen=True, slots=True)
class _Request:
    count: Any
    seconds: Any
    size: Any


@dataclass(frozen=True, slots=True)
class _Calls:
    seconds: Any
    retries: Any
    timeouts: Any
    throttled: Any
    hits: Any
    misses: Any


class Metrics:
    """Counts what the server does. All labels are bounded: names that a client makes up become ``other``."""

    def __init__(self, registry: Registry, bulkheads: Bulkheads) -> None:
        """``registry`` knows the names of drivers and providers, ``bulkheads`` the threads of clouds."""
        self._registry = registry
        self._bulkheads = bulkheads
        self._providers: dict[str, frozenset[str]] = {}
        self._requests: dict[tuple[str, str, int, str, str], _Request] = {}
        self._calls: dict[Cloud, _Calls] = {}
        self._seen: set[Cloud] = set()
        self._lock = Lock()
        _BUILD.labels(version("deltacloud-images")).set(1)

    def observe(self, served: Served) -> None:
        """Count a request and its calls to its cloud."""
        driver, provider = cloud = self._known((served.driver, served.provider))
        key = (served.operation, served.method, served.status, driver, provider)
        request = self._requests.get(key) or self._request(*key)
        request.count.inc()
        request.seconds.observe(served.seconds)
        request.size.inc(served.size)
        tally = served.tally
        if tally.seconds or tally.hits or tally.misses:
            calls = self._calls.get(cloud) or self._call(cloud)
            for seconds in tally.seconds:
                calls.seconds.observe(seconds)
            for counter, value in (
                (calls.retries, tally.retries),
                (calls.timeouts, tally.timeouts),
                (calls.throttled, tally.throttled),
                (calls.hits, tally.hits),
                (calls.misses, tally.misses),
            ):
                if value:
                    counter.inc(value)

    def sample(self) -> None:
        """Note how many threads and sessions are in use now."""
        with self._lock:
            self._sample()

    def _sample(self) -> None:
        counts: dict[Cloud, tuple[int, int]] = {}
        for cloud, (taken, waiting) in self._bulkheads.counts().items():
            known = self._known(cloud)
            before = counts.get(known, (0, 0))
            counts[known] = before[0] + taken, before[1] + waiting
        self._seen |= counts.keys()
        for cloud in self._seen:
            taken, waiting = counts.get(cloud, (0, 0))
            _TAKEN.labels(*cloud).set(taken)
            _WAITING.labels(*cloud).set(waiting)
        _SESSIONS.set(count_items())

    def text(self) -> bytes:
        """Return the metrics of all processes in Prometheus' text format."""
        self.sample()
        registry = REGISTRY
        if FOLDER_VARIABLE in environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        for _ in range(_READ_ATTEMPTS - 1):
            try:
                return generate_latest(registry)
            except struct.error:  # another process has just created its file, which is still empty
                time.sleep(_READ_PAUSE_SECONDS)
        return generate_latest(registry)

    def _known(self, cloud: Cloud) -> Cloud:
        driver, provider = cloud
        providers = self._providers.get(driver)
        if providers is None:
            if driver not in self._registry.names:
                return OTHER, OTHER
            found = self._registry.driver(driver).providers()
            providers = self._providers[driver] = frozenset({"", *(each.id for each in found)})
        return driver, provider if provider in providers else OTHER

    def _request(self, operation: str, method: str, status: int, driver: str, provider: str) -> _Request:
        if method not in _METHODS:
            return self._requests.get((operation, OTHER, status, driver, provider)) or self._request_of(
                operation, OTHER, status, driver, provider
            )
        return self._request_of(operation, method, status, driver, provider)

    def _request_of(self, operation: str, method: str, status: int, driver: str, provider: str) -> _Request:
        made = self._requests[operation, method, status, driver, provider] = _Request(
            _REQUESTS.labels(operation, method, status, driver, provider),
            _DURATION.labels(operation),
            _BYTES.labels(operation),
        )
        return made

    def _call(self, cloud: Cloud) -> _Calls:
        metrics = (_CALL_DURATION, _RETRIES, _TIMEOUTS, _THROTTLED, _HITS, _MISSES)
        made = self._calls[cloud] = _Calls(*(each.labels(*cloud) for each in metrics))
        return made
