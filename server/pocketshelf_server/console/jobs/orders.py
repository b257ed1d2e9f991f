"""What a job's process is told to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["ImportOrder", "PublishOrder", "order_from_json"]


@dataclass(frozen=True)
class ImportOrder:
    """Import a catalogue file.

    Attributes:
        site, file: their paths.
        images: the folder that names of pictures start from; "" for none.
        archive: a ZIP of pictures instead; "" for none.
        unpacked: the folder below which that is unpacked.
        bundle: the models' folder; None for the default.
        format: as `--format` has it.
        replace, allow_shrink: as the options of `import`.
        download: fetch pictures that are named by address.
    """

    site: str
    file: str
    images: str = ""
    archive: str = ""
    unpacked: str = ""
    bundle: str | None = None
    format: str = "plain"
    replace: bool = False
    allow_shrink: bool = False
    download: bool = False
    kind: str = "import"


@dataclass(frozen=True)
class PublishOrder:
    """Publish every shard of a site."""

    site: str
    kind: str = "publish"


def order_to_json(order: ImportOrder | PublishOrder) -> str:
    """The inverse of `order_from_json`."""
    return json.dumps(asdict(order))


def order_from_json(text: str) -> ImportOrder | PublishOrder:
    """From a job's command line."""
    data = json.loads(text)
    return ImportOrder(**data) if data["kind"] == "import" else PublishOrder(**data)
