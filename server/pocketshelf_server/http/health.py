"""``GET /healthz``: 200 while devices can sync, 503 with the reasons while they cannot."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.health import HealthWatch

__all__ = ["health_blueprint"]


def health_blueprint(watch: HealthWatch, catalogue: Catalogue) -> Blueprint:
    """The endpoint. Searches are answered in either case."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def health() -> tuple[dict[str, Any], int]:
        problems = list(watch.look().problems)
        status = "failing" if problems else "ok"
        answer = {"status": status, "space": catalogue.space.name, "sequence": catalogue.sequence()}
        return {**answer, "problems": problems}, 503 if problems else 200

    return blueprint
