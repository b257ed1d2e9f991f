"""The application: every endpoint of the site, in one Flask object."""

from __future__ import annotations

from flask import Flask

from server.catalogue import Catalogue
from server.http import problems
from server.http.files import files_blueprint
from server.http.search import search_blueprint
from server.search import SearchService, make_index
from server.site import Site

__all__ = ["create_app"]

# A search body is at most a few thousand numbers; photos and changes set their own bound.
MAX_BODY = 1_000_000


def create_app(site: Site, catalogue: Catalogue) -> Flask:
    """Put the endpoints together.

    Raises:
        CatalogueError: the catalogue cannot be read, or its index cannot be made.
    """
    app = Flask("pocketshelf.server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    config = site.config()
    service = SearchService(catalogue, make_index(config.index, catalogue, site))
    service.refresh()
    problems.install(app)
    app.register_blueprint(files_blueprint(site))
    app.register_blueprint(search_blueprint(service, catalogue.space.name, config))

    @app.get("/healthz")
    def health() -> dict:
        return {"status": "ok", "sequence": catalogue.sequence(), "products": catalogue.count()}

    return app
