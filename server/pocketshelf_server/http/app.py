"""The application: every endpoint of the site, in one Flask object."""

from __future__ import annotations

from typing import Any

from flask import Flask

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.http import metrics, problems
from pocketshelf_server.http.changes import changes_blueprint
from pocketshelf_server.http.files import files_blueprint
from pocketshelf_server.http.health import health_blueprint
from pocketshelf_server.http.openapi import openapi_document
from pocketshelf_server.http.search import photo_blueprint, search_blueprint
from pocketshelf_server.photos import Photos
from pocketshelf_server.search import SearchService, make_index
from pocketshelf_server.site import Site

__all__ = ["create_app"]

# A search is at most a few thousand numbers; photos and changes set their own bound.
MAX_BODY = 1_000_000


def create_app(site: Site, catalogue: Catalogue, photos: Photos | None = None) -> Flask:
    """Put the endpoints together, and load the index.

    Args:
        photos: lets /v1/search/photo work, if the configuration allows it.

    Raises:
        CatalogueError: the catalogue cannot be read, or its index cannot be made.
    """
    app = Flask("pocketshelf.server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    config, space = site.config(), catalogue.space
    service = SearchService(catalogue, make_index(config.index, catalogue, site))
    service.refresh()
    problems.install(app)
    watch = HealthWatch(site)
    metrics.install(app, catalogue, service, watch)
    app.register_blueprint(files_blueprint(site))
    app.register_blueprint(search_blueprint(service, space.name, config))
    photos = photos if config.photo_search else None
    app.register_blueprint(photo_blueprint(service, space.name, config, photos))
    app.register_blueprint(changes_blueprint(catalogue, config))
    app.register_blueprint(health_blueprint(watch, catalogue))
    document = openapi_document(space, config)

    @app.get("/v1/openapi.json")
    def openapi() -> dict[str, Any]:
        return document

    return app
