"""A catalogue manager at the server's console: signing in, looking, importing, publishing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.axe import barriers
from browser.conftest import Visiting
from browser.processes import Program, server
from browser.shelves import Shelf, more_goods
from browser.visits import SIZES, Visit
from pocketshelf.cli import main as device
from pocketshelf.sync import sync
from pocketshelf_server.cli import main as shop

PAGES = ("overview", "catalogue", "shards", "devices", "fallback", "imports", "keys")


@dataclass(frozen=True)
class Console:
    """A running server with a console.

    Attributes:
        viewer, operator: tokens of someone who only reads, and of one who may import and publish.
    """

    program: Program
    site: Path
    viewer: str
    operator: str

    @property
    def url(self) -> str:
        return self.program.url


@pytest.fixture(scope="package")
def console(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Iterator[Console]:
    """A shop that has imported and published the shelf's goods."""
    folder = tmp_path_factory.mktemp("console")
    site = folder / "site"
    assert shop(["init", str(site)]) == shop(["import", str(site), str(shelf.catalogue)]) == 0
    assert shop(["publish", str(site)]) == 0
    make = [sys.executable, "-m", "pocketshelf_server", "token", "make", str(site), "--json"]
    done = subprocess.run(
        [*make, "--name", "anna", "--role", "operator"], capture_output=True, text=True, check=True
    )
    operator = json.loads(done.stdout)["token"]
    with server(site, folder / "server.log") as program:
        visited_by_devices(site, folder, program.url, shelf)
        yield Console(program, site, (site / "keys/admin.token").read_text().strip(), operator)


def visited_by_devices(site: Path, folder: Path, url: str, shelf: Shelf) -> None:
    """One device stays at the first generation; one takes the second, of one product more, and asks."""
    root = (site / "repository/metadata/1.root.json").read_bytes()
    sync(folder / "stays", url, root=root)
    more_goods(folder / "later", {"later": (90, 90, 200)})
    assert (
        shop(["import", str(site), str(folder / "later/catalogue.csv")]) == shop(["publish", str(site)]) == 0
    )
    sync(folder / "fresh", url, root=root)
    assert device(["search", str(shelf.strange), "--store", str(folder / "fresh"), "--server", url]) == 0


def sign_in(visit: Visit, token: str) -> None:
    visit.go()
    visit.find("token").fill(token)
    visit.find("signin-submit").click()


@pytest.fixture
def reader(visit: Visiting, console: Console) -> Visit:
    """Signed in as one who only reads."""
    visitor = visit(console.url)
    sign_in(visitor, console.viewer)
    expect(visitor.find("nav")).to_be_visible()
    return visitor


@pytest.fixture
def operator(visit: Visiting, console: Console) -> Visit:
    """Signed in as one who may import and publish."""
    visitor = visit(console.url)
    sign_in(visitor, console.operator)
    expect(visitor.find("nav")).to_be_visible()
    return visitor


def test_signing_in_leaves_no_token_in_an_address_or_in_reach_of_scripts(
    reader: Visit, console: Console
) -> None:
    assert console.viewer not in reader.page.url
    assert not any(console.viewer in url for url in reader.requests)
    assert reader.page.evaluate("document.cookie") == ""
    (cookie,) = reader.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] in ("Strict", "Lax")
    reader.find("sign-out").click()
    expect(reader.find("signin")).to_be_visible()
    reader.forgive("status of 40")
    reader.go("/console/catalogue")
    expect(reader.find("signin")).to_be_visible()


def test_a_wrong_token_ten_times_is_slowed_and_the_right_one_is_not_let_in_at_once(
    visit: Visiting, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    assert shop(["init", str(site)]) == 0
    with server(site, tmp_path / "server.log") as program:
        visitor = visit(program.url)
        visitor.forgive("status of 4")
        for _ in range(10):
            sign_in(visitor, "wrong")
            expect(visitor.find("signin-error")).to_be_visible()
        with visitor.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            sign_in(visitor, (site / "keys/admin.token").read_text().strip())
        assert answered.value.status == 429
        expect(visitor.find("signin-error")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_the_console_is_whole_and_without_barriers(
    visit: Visiting, console: Console, screenshots: Path, size: str, theme: str
) -> None:
    visitor = visit(console.url, size=size, color_scheme=theme)
    visitor.go()
    found = {"sign-in": looked_at(visitor, screenshots, "sign-in", size, theme)}
    sign_in(visitor, console.operator)
    for name in PAGES:
        expect(visitor.find("nav")).to_be_attached()
        visitor.go(str(visitor.find(f"nav-{name}").first.get_attribute("href")))
        found[name] = looked_at(visitor, screenshots, name, size, theme)
    visitor.go("/console/catalogue")
    visitor.find("product").first.click()
    expect(visitor.find("product-title")).to_be_visible()
    found["product"] = looked_at(visitor, screenshots, "product", size, theme)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def looked_at(visit: Visit, screenshots: Path, name: str, size: str, theme: str) -> list[str]:
    """What is wrong with the page; its picture is drawn."""
    visit.page.wait_for_load_state("networkidle")
    visit.page.evaluate("async () => { await document.fonts.ready; }")
    visit.page.screenshot(path=screenshots / f"console-{name}-{size}-{theme}.png", full_page=True)
    wide = visit.overflow()["page"]
    return [*barriers(visit.page), *([f"{wide} pixels too wide"] if wide else [])]


def test_the_catalogue_is_searched_by_words_and_by_photo(reader: Visit, shelf: Shelf) -> None:
    reader.go("/console/catalogue")
    count = reader.find("product").count()
    wanted = sorted(shelf.shown)[0]
    reader.find("search-text").fill(wanted)
    reader.find("search-submit").click()
    expect(reader.find("product", data_product=wanted)).to_be_visible()
    assert reader.find("product").count() < count
    reader.go("/console/catalogue")
    reader.find("photo-input").set_input_files(shelf.scene)
    if reader.find("photo-submit").is_visible():
        reader.find("photo-submit").click()
    expect(reader.find("photo-hit").first).to_be_visible()


def test_one_who_only_reads_has_no_way_to_import_or_publish(reader: Visit, console: Console) -> None:
    reader.go("/console/imports")
    expect(reader.find("read-only")).to_be_visible()
    expect(reader.find("publish-start")).to_have_count(0)
    expect(reader.find("import-start")).to_have_count(0)


def test_a_csv_is_imported_and_published_with_progress(
    operator: Visit, console: Console, tmp_path: Path
) -> None:
    more_goods(tmp_path, {f"new{n}": (20 * n, 200 - 20 * n, 90) for n in range(6)})
    text = (tmp_path / "catalogue.csv").read_text() + "broken,A row without its picture,Things,missing.png\n"
    (tmp_path / "catalogue.csv").write_text(text)
    archive = zipped(tmp_path)
    operator.go("/console/imports")
    operator.find("import-file").set_input_files(tmp_path / "catalogue.csv")
    operator.find("import-zip").set_input_files(archive)
    operator.find("import-start").click()
    expect(operator.find("job", data_state="done").first).to_be_visible()
    operator.go("/console/catalogue?q=new3")
    expect(operator.find("product", data_product="new3")).to_be_visible()
    operator.go("/console/imports")
    operator.find("run").first.locator("a").first.click()
    expect(operator.find("failures")).to_contain_text("missing.png")
    operator.go("/console/imports")
    operator.find("publish-start").click()
    expect(operator.find("job", data_state="done").first).to_be_visible()


def zipped(folder: Path) -> Path:
    """The folder's pictures in an archive."""
    import zipfile

    path = folder / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for picture in folder.glob("*.png"):
            archive.write(picture, picture.name)
    return path


def test_charts_are_drawn_and_no_request_leaves(reader: Visit) -> None:
    reader.go(str(reader.find("nav-overview").first.get_attribute("href")))
    if reader.find("chart").count():
        expect(reader.find("chart").first).to_be_visible()
    assert reader.foreign == []
