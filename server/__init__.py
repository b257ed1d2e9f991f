"""The sync server: a catalogue, signed generations of it, and full-catalogue search.

``python -m server --help`` is the way in. The parts, in the order of a product's way:

* `server.catalogue`: the products, their vectors, and a change log with one sequence number a change;
* `server.publish`: shards (rules), snapshots and deltas, retention;
* `server.trust`: keys and The Update Framework's metadata;
* `server.search`: the full catalogue, searched by vector;
* `server.http`: all of it over HTTP.
"""

__all__: list[str] = []
