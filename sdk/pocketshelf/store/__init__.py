"""A store: the products that a device carries, in generations of which one is current.

    <store>/current                                  name of the current generation, replaced last
    <store>/generations/<name>/shard.sqlite          the truth (`pocketshelf.formats.shard`)
    <store>/generations/<name>/shard.sha256          "<64 hex>  shard.sqlite\\n", as sha256sum writes it, and
                                                     a line of manifest.json, if there is one
    <store>/generations/<name>/index/                derived from the shard, each file with its digests
                                                     (`pocketshelf.formats.derived`); may be deleted:
        shard.1.layout                               where its pictures are (`pocketshelf.formats.layout`)
        shard.2.facts                                what products state (`pocketshelf.stages.search.facts`)
        <category's hash>.2.usearch                  the graph of a large category
        shard.2.features                             of covers and cartons (`pocketshelf.formats.features`):
                                                     made of pictures by a build, or brought by a sync
    <store>/generations/.new-<name>/                 being written; nobody reads it
    <store>/.lock                                    held by the one process that writes

A generation never changes once it has its name. Names sort by age (00000001, 00000002, …); the one
before the current is kept for a rollback.
"""

from pocketshelf.store.changes import change_store
from pocketshelf.store.folder import StoreFolder
from pocketshelf.store.store import Store, current_sequence
from pocketshelf.store.verify import StoreReport, verify_store
from pocketshelf.store.writer import StoreWriter, rollback_store

__all__ = [
    "Store",
    "StoreFolder",
    "StoreReport",
    "StoreWriter",
    "change_store",
    "current_sequence",
    "rollback_store",
    "verify_store",
]
