"""A barcode held before the camera leads to the product's page; Chromium on Linux cannot read one itself."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect

from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import launch, visiting, write_film

zxingcpp = pytest.importorskip("zxingcpp", reason="needs zxing-cpp: pip install 'pocketshelf[kiosk]'")


def test_a_barcode_before_the_camera_leads_to_its_product(
    playwright: Playwright, chromium_path: str, running_kiosk: Program, shelf: Shelf, tmp_path: Path
) -> None:
    with shelf.catalogue.open(encoding="utf-8") as stream:
        product = list(csv.DictReader(stream))[3]
    made = zxingcpp.create_barcode(product["gtin"], zxingcpp.BarcodeFormat.EAN13)
    code = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(made, scale=5)))
    scene = Image.new("RGB", (1280, 720), "white")
    scene.paste(code.convert("RGB"), ((1280 - code.width) // 2, (720 - code.height) // 2))
    scene.save(tmp_path / "code.png")
    browser = launch(playwright, chromium_path, write_film(tmp_path / "code.mjpeg", tmp_path / "code.png"))
    try:
        with visiting(browser, running_kiosk.url) as visitor:
            visitor.go("/?view=live")
            expect(visitor.find("barcode").first).to_be_visible()
            visitor.find("barcode").first.click()
            expect(visitor.find("product-title")).to_have_text(product["title"])
    finally:
        browser.close()
