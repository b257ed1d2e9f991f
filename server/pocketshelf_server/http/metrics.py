"""``/metrics`` in Prometheus' text format. Each application has a registry of its own."""

from __future__ import annotations

import time
from functools import partial

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.search import SearchService
from pocketshelf_server.trust import ROLES

__all__ = ["install"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def install(app: Flask, catalogue: Catalogue, service: SearchService, watch: HealthWatch) -> None:
    """Count and time every request of ``app``, and serve the figures."""
    registry = CollectorRegistry()
    requests = Counter(
        "pocketshelf_requests", "Requests answered", ["method", "route", "status"], registry=registry
    )
    seconds = Histogram(
        "pocketshelf_request_seconds", "Time to answer", ["route"], registry=registry, buckets=BUCKETS
    )
    sent = Counter("pocketshelf_response_bytes", "Bytes of bodies sent", ["route"], registry=registry)
    changes = Gauge(
        "pocketshelf_catalogue_sequence", "Number of the catalogue's last change", registry=registry
    )
    changes.set_function(catalogue.sequence)
    indexed = Gauge(
        "pocketshelf_index_sequence", "Number of the last change in the search index", registry=registry
    )
    indexed.set_function(lambda: service.sequence)
    _watch(registry, watch)

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        # The rule, not the path: names of files must not become labels without end.
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        requests.labels(method, route, response.status_code).inc()
        seconds.labels(route).observe(time.perf_counter() - g.get("started", time.perf_counter()))
        if request.method != "HEAD" and response.content_length:
            sent.labels(route).inc(response.content_length)
        return response

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _watch(registry: CollectorRegistry, watch: HealthWatch) -> None:
    """Figures of what devices would run into."""
    expiry = Gauge(
        "pocketshelf_signature_expiry_timestamp_seconds",
        "When a role's signature expires, in seconds since 1970; 0 if that cannot be read",
        ["role"],
        registry=registry,
    )
    for role in ROLES:
        expiry.labels(role).set_function(partial(_expiry, watch, role))
    missing = Gauge(
        "pocketshelf_signed_files_missing", "Signed files that are not there, or cut", registry=registry
    )
    missing.set_function(lambda: watch.look().missing)
    healthy = Gauge("pocketshelf_healthy", "1 while devices can sync, else 0", registry=registry)
    healthy.set_function(lambda: not watch.look().problems)


def _expiry(watch: HealthWatch, role: str) -> float:
    return watch.look().expiries[role]
