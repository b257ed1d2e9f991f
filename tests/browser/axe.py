"""axe-core's findings on a page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def barriers(page: Page, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """What axe finds of the given impacts, a line each: the rule, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{rule['impact']} {rule['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for rule in found
        if rule["impact"] in impacts
        for node in rule["nodes"]
    ]
