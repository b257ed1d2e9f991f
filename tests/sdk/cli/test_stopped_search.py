"""A search of many photos that Ctrl-C stops: the page has what was found until then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pocketshelf import Retriever


@pytest.fixture
def stop_at_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever searches a second photo is stopped."""
    search, searched = Retriever.search, []

    def once(*given: Any, **more: Any) -> Any:
        if searched:
            raise KeyboardInterrupt
        searched.append(given)
        return search(*given, **more)

    monkeypatch.setattr(Retriever, "search", once)


@pytest.mark.usefixtures("stop_at_second")
def test_the_page_of_a_stopped_search_has_what_was_found(shop: Path, store: Path, call: Any) -> None:
    photos = [shop / "pictures" / f"{name}.png" for name in ("red", "blue")]
    code, _, err = call("search", *photos, "--store", store, "--html", shop / "page.html")
    assert code == 130 and "interrupted; the page has what was found until then" in err
    assert "page.html: a page of 1 photo\n" in err
    page = (shop / "page.html").read_text()
    assert "red.png" in page and "blue.png" not in page


@pytest.mark.usefixtures("stop_at_second")
def test_a_stopped_search_without_a_page_is_quiet(shop: Path, store: Path, call: Any) -> None:
    photos = [shop / "pictures" / f"{name}.png" for name in ("red", "blue")]
    code, _, err = call("search", *photos, "--store", store)
    assert (code, err) == (130, "")


def test_a_search_that_found_nothing_yet_replaces_no_page(
    shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Retriever, "search", stop)
    (shop / "page.html").write_text("of before")
    photo, page = shop / "pictures" / "red.png", shop / "page.html"
    code, _, err = call("search", photo, "--store", store, "--html", page)
    assert (code, err, page.read_text()) == (130, "", "of before")
