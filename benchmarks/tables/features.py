"""The table of docs/sync.md: what local features cost on their way to a device, and what they find there."""

from __future__ import annotations

from typing import Any

from pocketshelf_training.pages.page import table

__all__ = ["published"]


def published(figures: dict[str, Any]) -> str:
    """Recall and bytes; they do not depend on the machine."""
    recall, products = figures["recall_at_1"], figures["products"]
    same, titles = figures["same_first_hit_built_and_synced"], figures["changed_titles"]["bytes"]
    few = figures["new_products"]["products"]
    each = f"{figures['features_bytes']:,} bytes, {figures['features_bytes_a_print']:,} a product"
    rows = [
        ("R@1, built, by vectors alone", f"{recall['without']:.3f}"),
        ("R@1, built with local features", f"{recall['built']:.3f}"),
        ("R@1, synced with local features", f"{recall['synced']:.3f}"),
        ("photos with the same first hit, built and synced", f"{same:.3f}"),
        (f"snapshot of {products} products, without features", f"{figures['snapshot_bytes']:,} bytes"),
        ("their local features", each),
        (f"features fetched after {few} products got other titles", f"{titles:,} bytes"),
        (f"features fetched after {few} new products", f"{figures['new_products']['bytes']:,} bytes"),
    ]
    said = (
        f"{figures['photos']} photos of {products} covers of test (**synthetic**), searched whole; bundle "
        f"`{figures['bundle']}`, seed {figures['seed']}, commit {figures['commit']};\n"
        "`python benchmarks/published_features.py`."
    )
    return f"{table(['synthetic covers', '>'], rows)}\n{said}"
