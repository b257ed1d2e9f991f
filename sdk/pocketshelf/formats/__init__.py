"""The file formats that the parts of the project exchange: bundles, shards and deltas."""

from pocketshelf.formats.bundle import (
    AttributeSpec,
    Bundle,
    DetectorSpec,
    EmbedderSpec,
    FileSpec,
    default_bundle,
    load_bundle,
    write_bundle,
)
from pocketshelf.formats.delta import Delta, DeltaMeta, apply_delta, create_delta, open_delta
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import Shard, ShardMeta, create_shard, open_shard
from pocketshelf.formats.space import Space, space_of

__all__ = [
    "AttributeSpec",
    "Bundle",
    "Delta",
    "DeltaMeta",
    "DetectorSpec",
    "EmbedderSpec",
    "FileSpec",
    "Preprocessing",
    "Product",
    "Shard",
    "ShardMeta",
    "Space",
    "apply_delta",
    "create_delta",
    "create_shard",
    "default_bundle",
    "load_bundle",
    "open_delta",
    "open_shard",
    "quantize_vectors",
    "space_of",
    "write_bundle",
]
