"""The sync server: a catalogue, signed generations of it, and full-catalogue search.

``pocketshelf-server --help`` is the way in. The parts, in the order of a product's way:

* `pocketshelf_server.catalogue`: the products, their vectors, and a change log, one number a change;
* `pocketshelf_server.publish`: shards (rules), snapshots and deltas, retention;
* `pocketshelf_server.trust`: keys and The Update Framework's metadata;
* `pocketshelf_server.search`: the full catalogue, searched by vector;
* `pocketshelf_server.http`: all of it over HTTP.
"""

__all__: list[str] = []
