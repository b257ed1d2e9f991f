"""The table of docs/sync.md: what local features cost on their way to a device, and what they find there."""

from __future__ import annotations

from typing import Any

__all__ = ["published"]


def published(figures: dict[str, Any]) -> str:
    """Recall and bytes; they do not depend on the machine."""
    recall, products = figures["recall_at_1"], figures["products"]
    same, titles = figures["same_first_hit_built_and_synced"], figures["changed_titles"]["bytes"]
    few = figures["new_products"]["products"]
    lines = [
        "| synthetic covers | |",
        "|---|---:|",
        f"| R@1, built, by vectors alone | {recall['without']:.3f} |",
        f"| R@1, built with local features | {recall['built']:.3f} |",
        f"| R@1, synced with local features | {recall['synced']:.3f} |",
        f"| photos with the same first hit, built and synced | {same:.3f} |",
        f"| snapshot of {products} products, without features | {figures['snapshot_bytes']:,} bytes |",
        f"| their local features | {figures['features_bytes']:,} bytes, "
        f"{figures['features_bytes_a_print']:,} a product |",
        f"| features fetched after {few} products got other titles | {titles:,} bytes |",
        f"| features fetched after {few} new products | {figures['new_products']['bytes']:,} bytes |",
        "",
        f"{figures['photos']} photos of {products} covers of test (**synthetic**), searched whole; bundle "
        f"`{figures['bundle']}`, seed {figures['seed']}, commit {figures['commit']};",
        "`python benchmarks/published_features.py`.",
    ]
    return "\n".join(lines)
