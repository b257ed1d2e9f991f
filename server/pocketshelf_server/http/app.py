"""The application: every endpoint of the site, in one Flask object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from pocketshelf.closely import FeaturesWanted
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.http import metrics, problems
from pocketshelf_server.http.changes import changes_blueprint
from pocketshelf_server.http.files import files_blueprint
from pocketshelf_server.http.health import health_blueprint
from pocketshelf_server.http.lengths import Door, Lengths
from pocketshelf_server.http.names import OwnNames
from pocketshelf_server.http.openapi import openapi_document
from pocketshelf_server.http.pictures import pictures_blueprint
from pocketshelf_server.http.search import photo_blueprint, search_blueprint
from pocketshelf_server.photos import Photos, Pictures
from pocketshelf_server.search import SearchService, make_index
from pocketshelf_server.site import Site

__all__ = ["Room", "create_app"]


class Room(Protocol):
    """Pages beside the endpoints, such as the console."""

    def doors(self) -> Mapping[str, Door]:
        """The paths that take bodies."""

    def furnish(self, app: Flask, service: SearchService, watch: HealthWatch) -> None:
        """Add the routes."""


def create_app(
    site: Site,
    catalogue: Catalogue,
    photos: Photos | None = None,
    trusted_proxies: int = 0,
    rooms: Sequence[Room] = (),
    service: SearchService | None = None,
    wish: FeaturesWanted | None = None,
    pictures: Pictures | None = None,
    names: Iterable[str] = (),
) -> Flask:
    """Put the endpoints together, and load the index.

    Args:
        photos: lets /v1/search/photo work, if the configuration allows it, and /v1/changes take pictures.
        trusted_proxies: how many proxies stand before the server, each of which adds to X-Forwarded-For; the
            nearest says by X-Forwarded-Proto whether it was asked by TLS.
        rooms: what else is served.
        service: searches the catalogue; None for one of this process's own, refreshed as it is asked.
        wish: of which pictures that /v1/changes takes the local features are kept; None: of none.
        pictures: what /v1/pictures shows, if the configuration allows it.
        names: names that the site goes by, beside those of the configuration.

    Raises:
        CatalogueError: the catalogue cannot be read, or its index cannot be made.
    """
    app = Flask("pocketshelf.server", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    config, space = site.config(), catalogue.space
    if service is None:
        service = SearchService(catalogue, make_index(config.index, catalogue, site))
    service.refresh()
    if trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted_proxies, x_proto=1)  # type: ignore[method-assign]
    problems.install(app)
    watch = HealthWatch(site)
    metrics.install(app, catalogue, service, watch)
    searched = photos if config.photo_search else None
    doors = {path: door for room in rooms for path, door in room.doors().items()}
    lengths = Lengths(config, searched, doors)

    further = tuple(names)
    said = None if config.names is None and not further else (*(config.names or ()), *further)
    own_names = OwnNames(said, trusted_proxies > 0)

    @app.before_request
    def bound() -> None:
        own_names.check(request.headers, request.remote_addr)
        lengths.check(request.method, request.path, request.content_length or 0)
        request.max_content_length = lengths.most(request.method, request.path)

    app.register_blueprint(files_blueprint(site))
    app.register_blueprint(search_blueprint(service, space.name, config))
    app.register_blueprint(photo_blueprint(service, space.name, config, searched))
    shown = pictures if config.product_pictures else None
    app.register_blueprint(pictures_blueprint(catalogue, shown, config))
    app.register_blueprint(changes_blueprint(catalogue, config, photos, wish or FeaturesWanted(False)))
    app.register_blueprint(health_blueprint(watch, catalogue))
    for room in rooms:
        room.furnish(app, service, watch)
    document = openapi_document(space, config)

    @app.get("/v1/openapi.json")
    def openapi() -> dict[str, Any]:
        return document

    return app
