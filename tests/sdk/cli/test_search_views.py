"""`search`: folders, filters, the page, drawn boxes, colour, completion, the full line."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loopback import answering, whole
from pocketshelf.cli.entry import PROGRAM
from pocketshelf.cli.output import print_result
from pocketshelf.page.searches import Searches, render_searches
from pocketshelf.printable import printable
from pocketshelf.stages.outfit import Shelves
from pocketshelf.stages.where import fits
from pocketshelf.types import Hit, Region, SearchResult, Timings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(shop: Path, call: Any) -> Iterator[Path]:
    """The shop's, with brands: of red and blue things Acme's, of the others Other's."""
    rows = list(csv.DictReader((shop / "catalogue.csv").open()))
    with (shop / "catalogue.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "brand", "price"])
        writer.writeheader()
        for i, row in enumerate(rows):
            brand = "Acme" if row["product_id"] in ("red", "blue") else "Other"
            writer.writerow({**row, "brand": brand, "price": str(i)})
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    yield shop / "store"


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def ids(line: dict[str, Any]) -> set[str]:
    return {hit["product_id"] for region in line["regions"] for hit in region["hits"]}


def test_a_folder_stands_for_its_pictures(shop: Path, store: Path, call: Any) -> None:
    more = shop / "pictures" / "more"
    more.mkdir()
    red = (shop / "pictures" / "red.png").read_bytes()
    (more / "RED.PNG").write_bytes(red)
    for hidden in (shop / "pictures" / ".hidden.png", shop / "pictures" / "notes.txt"):
        hidden.write_bytes(red)
    code, out, err = call("search", shop / "pictures", "--store", store, "--json")
    found = [Path(line["photo"]).relative_to(shop / "pictures").as_posix() for line in lines(out)]
    assert (code, err) == (0, "") and found == sorted(found) and "more/RED.PNG" in found
    assert len(found) == 7
    assert len(lines(call("detect", more, "--json")[1])) == 1
    (shop / "empty").mkdir()
    code, out, err = call("search", shop / "empty", "--store", store, "--json")
    (line,) = lines(out)
    assert code == 1 and line["photo"] == str(shop / "empty") and line["error"] in err
    assert "no pictures in this folder" in err
    code, out, err = call("search", shop / "empty", more, "--store", store, "--json")
    assert code == 1 and "hits" in out


def test_several_categories(shop: Path, store: Path, call: Any) -> None:
    search = ["search", shop / "pictures" / "red.png", "--store", store, "--json", "--category"]
    (red,) = lines(call(*search, "Red things")[1])
    (both,) = lines(call(*search, "red things", "--category", "Blue things")[1])
    assert ids(red) < ids(both) and {"red", "blue"} <= ids(both)
    for wrong in (["Red things", "--category", "all"], ["auto", "--category", "Red things"]):
        code, out, err = call(*search, *wrong)
        assert (code, out) == (2, "") and "stand alone" in err


def test_where_keeps_what_the_catalogue_states(shop: Path, store: Path, call: Any) -> None:
    search = ["search", shop / "pictures" / "red.png", "--store", store, "--json", "--where"]
    assert ids(lines(call(*search, "brand=Acme")[1])[0]) == {"red", "blue"}
    assert ids(lines(call(*search, "brand=acme", "--top-k", "1")[1])[0]) == {"red"}
    every = ids(lines(call(*search, "brand=Acme", "--where", "brand=Other")[1])[0])
    assert len(every) == 6
    assert (
        ids(lines(call(*search, "brand=Acme", "--where", "brand=Other", "--where", "price=0")[1])[0]) < every
    )
    assert ids(lines(call(*search, "brand=Nobody")[1])[0]) == set()
    assert ids(lines(call(*search, "nothing=Acme")[1])[0]) == set()
    # Of one category that holds none of it, none; of all that there are, those of the others.
    assert ids(lines(call(*search, "brand=Acme", "--category", "Green things")[1])[0]) == set()
    for wrong in ("brand", "=Acme", "brand="):
        code, out, err = call(*search, wrong)
        assert (code, out) == (2, "") and "KEY=VALUE" in err


@pytest.mark.parametrize(
    ("value", "wanted", "fit"),
    [
        ("Acme", "ACME", True),
        (["S", "M"], "m", True),
        (42, "42", True),
        (42.0, "42", True),
        (True, "true", True),
        (None, "none", False),
        ([], "", False),
        ({"a": 1}, "a", False),
        ("Acme Ltd", "Acme", False),
    ],
)
def test_what_fits(value: Any, wanted: str, fit: bool) -> None:
    assert fits({"x": value}, {"x": [wanted, "something else"]}) is fit


def test_the_full_line_has_image_and_attributes(shop: Path, store: Path, call: Any) -> None:
    search = ["search", shop / "pictures" / "red.png", "--store", store, "--json"]
    plain = lines(call(*search)[1])[0]["regions"][0]["hits"][0]
    full = lines(call(*search, "--full")[1])[0]["regions"][0]["hits"][0]
    assert full["image"] == "pictures/red.png" and full["attributes"]["brand"] == "Acme"
    assert {key: full[key] for key in plain} == plain and set(full) - set(plain) == {"image", "attributes"}


def test_a_servers_hits_are_full_as_well_and_sorted_out(shop: Path, store: Path, call: Any) -> None:
    seen: list[bytes] = []
    far = {"product_id": "far", "score": 1.0, "title": "Far", "category": "Red things", "image": "far.jpg"}
    body = json.dumps({"hits": [{**far, "attributes": {"brand": "Acme"}}]}).encode()

    def answer(connection: Any, request: bytes) -> None:
        seen.append(request)
        whole(body)(connection, request)

    search = ["search", shop / "pictures" / "red.png", "--store", store, "--json", "--full"]
    # The stand-in models' calibration asks only where it is unsure: a threshold beyond reach asks always.
    bundle = Path(os.environ["POCKETSHELF_BUNDLE"])
    document = json.loads((bundle / "bundle.json").read_text())
    unsure = shop / "bundle"
    unsure.mkdir()
    for file in bundle.iterdir():
        (unsure / file.name).write_bytes(file.read_bytes())
    document["recall"]["threshold"] = 1.0
    (unsure / "bundle.json").write_text(json.dumps(document))
    for where, found in (("Acme", True), ("Other", False)):
        with answering(answer) as url:
            _, out, _ = call(*search, "--server", url, "--bundle", unsure, "--where", f"brand={where}")
        hits = {hit["product_id"]: hit for hit in lines(out)[0]["regions"][0]["hits"]}
        assert ("far" in hits) is found
        if found:
            assert (hits["far"]["image"], hits["far"]["attributes"]) == ("far.jpg", {"brand": "Acme"})
    assert seen


def test_the_page_shows_ones_own_photos_with_the_catalogues_pictures(
    shop: Path, store: Path, call: Any
) -> None:
    (shop / "bad.jpg").write_text("no photo")
    page = shop / "out.html"
    photos = [shop / "pictures" / "red.png", shop / "bad.jpg", shop / "pictures" / "blue.png"]
    code, _, err = call("search", *photos, "--store", store, "--html", page, "--images", shop)
    assert code == 1 and "a page of 2 photos" in err
    text = page.read_text()
    assert text.count("<article") == 2 and "red.png" in text and "Not read: 1" in text
    assert "The red thing" in text and len(re.findall(r"\.p\d+\{background-image", text)) >= 2
    shown = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "PICTURE", text)
    assert "{{" not in shown and "<script" not in shown and not re.findall(r'src="(?!PICTURE)', shown)
    assert call("search", photos[0], "--store", store, "--html", page)[0] == 0
    assert "--images" in page.read_text() and "background-image:url" not in page.read_text()


def test_the_page_escapes_and_takes_no_picture_out_of_the_folder(
    shop: Path, call: Any, tmp_path: Path
) -> None:
    outside = tmp_path / "private.png"
    Image.new("RGB", (8, 8)).save(outside)
    from pocketshelf.page.thumbnails import Gallery

    gallery = Gallery(shop / "pictures")
    assert gallery.style_class("red.png") == "p0"
    for image in (str(outside), "../../private.png", "x/../../../private.png", "a\0b"):
        assert gallery.style_class(image) == "none"
    title = '<script>alert("x")</script>'
    (shop / "catalogue.csv").write_text(
        f"product_id,title,category,image\nred,{title.replace(chr(34), '')},Things,pictures/red.png\n"
    )
    assert call("build", shop / "catalogue.csv", "--store", shop / "s")[0] == 0
    page = shop / "out.html"
    assert call("search", shop / "pictures" / "red.png", "--store", shop / "s", "--html", page)[0] == 0
    assert "<script" not in page.read_text() and "&lt;script&gt;" in page.read_text()


@pytest.mark.parametrize(
    "options",
    [["--html", "none/out.html"], ["--html", "."], ["--images", "none"], ["--annotate", "shop.txt"]],
)
def test_a_place_that_is_none_is_found_out_before_the_search(
    options: list[str], shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    (shop / "shop.txt").write_text("taken")
    code, out, err = call("search", shop / "pictures" / "red.png", "--store", store, *options)
    assert (code, out) == (2, "") and err.startswith(f"pocketshelf: {options[0]}")


def test_boxes_are_drawn_over_copies(shop: Path, store: Path, call: Any) -> None:
    other = shop / "other"
    other.mkdir()
    photo = shop / "pictures" / "red.png"
    (other / "red.png").write_bytes(photo.read_bytes())
    before = photo.read_bytes()
    out = shop / "drawn"
    code, _, err = call("search", photo, other / "red.png", "--store", store, "--annotate", out)
    assert code == 0 and "2 photos with their boxes" in err and photo.read_bytes() == before
    assert sorted(path.name for path in out.iterdir()) == ["red-boxes-2.jpg", "red-boxes.jpg"]
    with Image.open(photo) as plain, Image.open(out / "red-boxes.jpg") as drawn:
        times = drawn.width // plain.width  # A small one is enlarged.
        assert drawn.size == (plain.width * times, plain.height * times) and drawn.format == "JPEG"
        enlarged = plain.convert("RGB").resize(drawn.size)
        assert list(drawn.convert("RGB").getdata()) != list(enlarged.getdata())


def test_drawings_are_searched_by_nobody_and_take_no_file_s_place(shop: Path, store: Path, call: Any) -> None:
    """Into the photos' own folder, twice; beside a photo of one's own that has such a name."""
    folder = shop / "own"
    folder.mkdir()
    for name in ("red", "blue"):
        with Image.open(shop / "pictures" / f"{name}.png") as photo:
            photo.convert("RGB").save(folder / f"{name}.jpg")
    own = (folder / "red.jpg").read_bytes()
    (folder / "red-boxes.jpg").write_bytes(own)
    search = ["search", folder, "--store", store, "--json", "--annotate", folder]
    for left_out in ("", f"{folder}: 3 that --annotate drew left out"):
        code, out, err = call(*search)
        photos = [Path(line["photo"]).name for line in lines(out)]
        assert code == 0 and photos == ["blue.jpg", "red-boxes.jpg", "red.jpg"] and left_out in err
        assert (folder / "red-boxes.jpg").read_bytes() == own
        assert sorted(path.name for path in folder.iterdir()) == [
            "blue-boxes.jpg", "blue.jpg", "red-boxes-2.jpg", "red-boxes-boxes.jpg", "red-boxes.jpg",
            "red.jpg",
        ]  # fmt: skip


@pytest.mark.parametrize("options", [["--full"], ["--images", "."], ["--json", "--images", "."]])
def test_an_option_that_would_be_ignored_is_refused(
    options: list[str], shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    code, out, err = call("search", shop / "pictures" / "red.png", "--store", store, *options)
    needed = "--json" if options[0] == "--full" else "--html"
    assert (code, out) == (2, "") and f"is for {needed}; give that as well" in err


def on_a_terminal(*argv: object, **environment: str) -> str:
    """What the command prints to a terminal."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "pocketshelf", *map(str, argv)]
    import_line = "import fake_models, sys; from pocketshelf.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", import_line, *map(str, argv)]
    process = subprocess.Popen(
        command, stdout=writer, cwd=ROOT, env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}
    )
    os.close(writer)
    gathered = b""
    while True:
        try:
            gathered += os.read(reader, 4096)
        except OSError:
            break
        if not gathered:
            break
    process.wait(30)
    os.close(reader)
    return gathered.decode()


def test_a_terminal_gets_colour_unless_it_is_not_wanted(shop: Path, store: Path, call: Any) -> None:
    search = ["search", shop / "pictures" / "red.png", "--store", store, "--top-k", "2"]
    assert "\x1b[1;32m" in on_a_terminal(*search) and "\x1b[0m" in on_a_terminal(*search)
    assert "\x1b[" not in on_a_terminal(*search, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(*search, TERM="dumb")
    assert "\x1b[" not in on_a_terminal(*search, "--json")
    assert "\x1b[" not in call(*search)[1]


def test_a_person_is_told_only_likely_categories_of_the_boxs_own_group(
    capfd: pytest.CaptureFixture[str],
) -> None:
    region = Region(
        (1, 2, 3, 4),
        "bag",
        0.9,
        categories=(("Skirt", 0.5), ("Yoghurt", 0.3), ("Bags", 0.16), ("Tote", 0.01)),
    )
    shelves = Shelves({"bag": ["bag", "tote"], "skirt": ["skirt"], "goods": ["yoghurt"]})
    print_result(SearchResult("a.jpg", 9, 9, (region,), Timings()), shelves)
    assert capfd.readouterr().out.splitlines()[1] == "  bag 0.90 at 1,2 3 x 4 · Bags 0.16"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_commands_and_options(shell: str, call: Any) -> None:
    shtab = pytest.importorskip("shtab")
    code, out, err = call("--print-completion", shell)
    assert (code, err) == (0, "") and "--annotate" in out and "search" in out
    # What is printed line by line is what shtab wrote: there is nothing in it to escape.
    script = shtab.complete(PROGRAM.parser(), shell)
    assert all(line == printable(line) for line in script.split("\n"))
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=out, text=True, check=False).returncode == 0
        asked = "COMP_WORDS=(pocketshelf se); COMP_CWORD=1; _shtab_pocketshelf; echo ${COMPREPLY[@]}"
        done = subprocess.run(["bash"], input=f"{out}\n{asked}", text=True, capture_output=True, check=False)
        assert done.stdout.split() == ["search"]


def test_completion_without_its_library_says_what_to_install(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, out, err = call("--print-completion", "bash")
    assert (code, out) == (1, "") and "pip install 'pocketshelf[completion]'" in err


@pytest.mark.parametrize(
    ("confident", "absent", "said"),
    [
        (True, False, None),
        (False, False, "not sure; it may be one of these:"),
        (False, True, "nothing like this here; the nearest:"),
        (False, None, "nothing like this here; the nearest:"),
        (None, None, None),
    ],
)
def test_what_is_not_sure_is_not_said_to_be_missing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    confident: bool | None,
    absent: bool | None,
    said: str | None,
) -> None:
    def told(hits: tuple[Hit, ...]) -> tuple[Region, list[str]]:
        """By the terminal and by the page: which of the two sentences."""
        region = Region((0, 0, 9, 9), "upper", 0.9, hits=hits, confident=confident, absent=absent)
        result = SearchResult(str(photo), 9, 9, (region,), Timings())
        print_result(result, Shelves({}))
        page, _ = render_searches(Searches([result], [], "shelf", None, Shelves({})))
        return region, [capsys.readouterr().out, page.lower()]

    photo = tmp_path / "photo.png"
    Image.new("RGB", (9, 9)).save(photo)
    region, texts = told((Hit("1", 0.5, "Coat", "Coats", "local"),))
    assert region.is_nothing is (said is not None and said.startswith("nothing"))
    for text in texts:
        assert "coat" in text.lower()
        assert [line for line in SENTENCES if line in text] == ([said] if said else [])
    region, texts = told(())
    assert region.is_nothing
    assert not [line for line in SENTENCES for text in texts if line in text], "there is nothing to introduce"


SENTENCES = ("not sure; it may be one of these:", "nothing like this here; the nearest:")


def test_the_page_shows_what_a_server_found_with_its_picture(tmp_path: Path) -> None:
    photo, asked = tmp_path / "photo.png", []
    Image.new("RGB", (9, 9)).save(photo)

    def served(product_id: str) -> bytes | None:
        asked.append(product_id)
        return {"far": photo.read_bytes(), "lie": b"<html>"}.get(product_id)

    found = [("far", "server"), ("lie", "server"), ("none", "server"), ("near", "local")]
    hits = tuple(Hit(name, 0.5, f"Coat {name}", "Coats", source) for name, source in found)
    region = Region((0, 0, 9, 9), "upper", 0.9, hits=hits)
    result = SearchResult(str(photo), 9, 9, (region,), Timings())
    page, lacks = render_searches(Searches([result, result], [], "shelf", None, Shelves({}), served))
    assert asked == ["far", "lie", "none"] and lacks == []
    assert page.count("· server") == 6 and page.count("{background-image:url(data:image/jpeg") == 1


def test_a_photo_that_is_gone_since_costs_its_picture_not_the_page(tmp_path: Path) -> None:
    region = Region((0.0, 0.0, 9.0, 9.0), "goods", 0.9, hits=(Hit("17", 0.8, "Rain jacket", "Jackets"),))
    gone = SearchResult(str(tmp_path / "gone.jpg"), 9, 9, (region,), Timings())
    page, lacks = render_searches(Searches([gone], [], "shelf", tmp_path, Shelves({})))
    assert "Rain jacket" in page and "data:image/gif;base64," in page
    (said,) = [line for line in lacks if "gone.jpg" in line]
    assert "cannot be shown now" in said and said in page
