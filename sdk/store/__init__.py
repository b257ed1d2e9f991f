"""A store: the products that a device carries, in generations of which one is current.

    <store>/current                                  name of the current generation, replaced last
    <store>/generations/<name>/shard.sqlite          the truth (`sdk.formats.shard`)
    <store>/generations/<name>/shard.sha256          "<64 hex>  shard.sqlite\\n", as sha256sum writes it
    <store>/generations/<name>/index/                derived from the shard; may be deleted at any time
    <store>/generations/.new-<name>/                 being written; nobody reads it
    <store>/.lock                                    held by the one process that writes

A generation never changes once it has its name. Names sort by age (00000001, 00000002, …); the one
before the current is kept for a rollback.
"""

from sdk.store.folder import StoreFolder
from sdk.store.store import Store
from sdk.store.verify import StoreReport, verify_store
from sdk.store.writer import StoreWriter, rollback_store

__all__ = [
    "Store",
    "StoreFolder",
    "StoreReport",
    "StoreWriter",
    "rollback_store",
    "verify_store",
]
