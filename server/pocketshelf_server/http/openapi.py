"""The OpenAPI document (3.1) of a site: ``contract/openapi.json`` with the site's own space and bounds.

A test holds the document to the routes and to the bounds in the code, another fuzzes the server by it.
"""

from __future__ import annotations

import json
from typing import Any

from pocketshelf.formats import Space
from pocketshelf.shipped import shipped, version
from pocketshelf_server.site import SiteConfig

__all__ = ["openapi_document"]


def openapi_document(space: Space, config: SiteConfig) -> dict[str, Any]:
    """Describe every endpoint, with this site's dimension, space and largest ``k``."""
    document = json.loads(shipped("contract/openapi.json").read_text(encoding="utf-8"))
    document["info"]["version"] = version()
    schemas = document["components"]["schemas"]
    schemas["Space"]["const"] = space.name
    schemas["Count"]["maximum"] = config.max_k
    schemas["Vector"]["oneOf"][0] |= {"minItems": space.dimension, "maxItems": space.dimension}
    return document
