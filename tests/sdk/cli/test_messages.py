"""Messages that a stranger meets in the first hour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pocketshelf.cli.entry import main
from pocketshelf.cli.output import byte_size
from pocketshelf.formats import Bundle
from pocketshelf.printable import counted

ROOT = Path(__file__).resolve().parents[3]
FIRST_USE = "--trust-on-first-use"


@pytest.fixture
def call(fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(fake_bundle.folder))

    def run(*argv: object, program: Any = main) -> tuple[int, str, str]:
        try:
            code = program([str(word) for word in argv])
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return run


def missing(shop: Path, count: int) -> Path:
    with (shop / "catalogue.csv").open("a") as stream:
        stream.writelines(f"x{i},t,c,gone{i}.png,\n" for i in range(count))
    return shop / "catalogue.csv"


def test_hundreds_of_missing_pictures_are_one_line_with_a_hint(shop: Path, call: Any) -> None:
    code, out, err = call("build", missing(shop, 281), "--store", shop / "store", "--json")
    (line,) = [text for text in err.splitlines() if "gone" in text]
    assert (
        code == 1 and "281 pictures are not in" in line and "line 8: gone0.png" in line and "--images" in line
    )
    assert out.count('"line"') == 281  # Each of them, for programs.


def test_a_hundred_bad_lines_of_one_cause_are_told_as_one_cause(shop: Path, call: Any) -> None:
    with (shop / "catalogue.csv").open("a") as stream:
        stream.writelines(f",t,c,a{i}.png,\n" for i in range(100))
        stream.write("x1,t,,a.png,\n")
    code, out, err = call("build", shop / "catalogue.csv", "--store", shop / "store", "--json")
    lines = [text for text in err.splitlines() if "product_id is empty" in text]
    assert code == 1 and len(lines) == 4
    assert lines[0].endswith("line 8: product_id is empty")
    assert lines[3].endswith(": and 97 more like line 8: product_id is empty")
    assert out.count('"product_id is empty"') == 100  # Each of them, for programs.


def test_when_no_picture_is_there_the_hint_comes_all_the_same(shop: Path, call: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    code, _, err = call(
        "build", shop / "catalogue.csv", "--store", shop / "store", "--images", tmp_path / "elsewhere"
    )
    assert code == 1 and "6 pictures are not in" in err and "--images" in err and "nothing was built" in err


def test_a_few_missing_pictures_are_named_each(shop: Path, call: Any) -> None:
    _, _, err = call("build", missing(shop, 3), "--store", shop / "store")
    assert len([text for text in err.splitlines() if "no such file in" in text]) == 3


@pytest.mark.parametrize("images", [(), ("--images", ".")])
def test_a_missing_picture_is_told_with_the_folder_s_whole_name(
    shop: Path, call: Any, monkeypatch: pytest.MonkeyPatch, images: tuple[str, ...]
) -> None:
    """A catalogue in the current folder, and pictures by absolute paths: in it, and out of it."""
    monkeypatch.chdir(shop)
    with Path("catalogue.csv").open("a") as stream:
        stream.write(f"x0,t,c,{shop}/gone0.png\nx1,t,c,/elsewhere/gone1.png\nx2,t,c,../gone2.png\n")
    code, _, err = call("build", "catalogue.csv", "--store", "store", *images)
    told = [text for text in err.splitlines() if "gone" in text]
    inside, outside, up = (next(text for text in told if f"gone{n}" in text) for n in range(3))
    assert code == 1
    assert up.endswith(f"leads out of the folder {shop}")
    assert inside.endswith(f"{shop}/gone0.png: no such file in {shop}")
    assert outside.endswith(
        "/elsewhere/gone1.png: names start from the folder of pictures, with a leading slash, too: "
        f"no such file in {shop}"
    )


def test_the_servers_import_says_the_same(shop: Path, call: Any, tmp_path: Path) -> None:
    from pocketshelf_server.cli import main as server

    site = tmp_path / "site"
    assert call("init", site, program=server)[0] == 0
    code, _, err = call("import", site, missing(shop, 281), "--workers", "1", program=server)
    (line,) = [text for text in err.splitlines() if "gone" in text]
    assert code == 1 and "281 pictures are not in" in line and "--images" in line


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (812, "812 bytes"),
        (4_400, "4.4 kB"),
        (999_960, "1.00 MB"),
        (4_560_000, "4.56 MB"),
        (2_000_000_000, "2.00 GB"),
    ],
)
def test_sizes_are_shown_in_a_unit_that_shows_them(count: int, shown: str) -> None:
    assert byte_size(count) == shown


def test_one_thing_is_one_thing() -> None:
    assert [counted(n, "photo") for n in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]


def test_status_shows_no_none_of_python(shop: Path, call: Any) -> None:
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    code, out, _ = call("status", "--store", shop / "store")
    assert code == 0 and "None" not in out and "server -" in out


def without(library: str, module: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """``python -m module argv`` where ``library`` is not installed."""
    code = f"import runpy, sys; sys.modules[{library!r}] = None; sys.argv = {[module, *argv]!r}; "
    code += f"runpy.run_module({module!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("library", "argv", "extra"),
    [
        ("flask", ["pocketshelf_server", "serve", "SITE"], "server"),
        ("waitress", ["pocketshelf_server", "serve", "SITE"], "server"),
        ("torch", ["pocketshelf_training", "evaluate"], "train"),
        ("torch", ["converters.export", "--target", "tflite", "--out", "OUT"], "export"),
        ("tuf", ["pocketshelf", "sync", "--store", "OUT", "--server", "http://[::1]:9", FIRST_USE], None),
    ],
)
def test_a_library_that_is_missing_names_its_extra(
    library: str, argv: list[str], extra: str | None, tmp_path: Path
) -> None:
    done = without(library, *[str(tmp_path / "out") if word == "OUT" else word for word in argv])
    wanted = f"pip install 'pocketshelf[{extra}]'" if extra else "pip install 'pocketshelf'"
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and f"{library} is not installed: {wanted}" in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "argv",
    [["pocketshelf_training", "evaluate"], ["converters.export", "--target", "tflite", "--out", "OUT"]],
)
def test_what_takes_long_says_what_it_does_before_the_heavy_libraries_load(
    argv: list[str], tmp_path: Path
) -> None:
    """PyTorch alone may take longer than two seconds: the line is there when it is only asked for."""
    done = without("torch", *[str(tmp_path / "out") if word == "OUT" else word for word in argv])
    first, last = done.stderr.splitlines()
    assert "loading" in first and "torch is not installed" in last
