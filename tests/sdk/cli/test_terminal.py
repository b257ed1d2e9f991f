"""What reaches a terminal: titles, names and errors cannot move the cursor, hide or forge a line."""

from __future__ import annotations

import ast
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from pocketshelf.cli.logs import set_up_logging
from pocketshelf.cli.output import print_json, print_table, say, tell

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [ROOT / "sdk", ROOT / "server", ROOT / "training", ROOT / "converters"]
# Where `print` and `write` may stand: they go through `printable`.
DOORS = {"sdk/pocketshelf/cli/output.py", "sdk/pocketshelf/progress.py"}
HOSTILE = "\x1b[2J\x9b31m\u202egpj.\u2066\u200b\x07"


def is_clean(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def test_a_hostile_title_controls_no_terminal_and_json_says_it_exactly(shop: Path, call: Any) -> None:
    title = f"Milk{HOSTILE}\n  1  0.999  forged"
    (shop / "catalogue.csv").write_text(
        f'product_id,title,category,image\nred,"{title}",Things,pictures/red.png\n', encoding="utf-8"
    )
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    search = ["search", shop / "pictures" / "red.png", "--store", shop / "store", "--category", "all"]
    code, out, err = call(*search)
    assert code == 0 and is_clean(out) and err == "" and "Milk\\x1b[2J" in out
    assert not any(line.strip().startswith("1  0.999") for line in out.splitlines())
    code, out, _ = call(*search, "--json")
    (line,) = out.splitlines()
    assert line.isprintable() and json.loads(line)["regions"][0]["hits"][0]["title"] == title


def test_a_hostile_file_name_controls_no_terminal(shop: Path, call: Any) -> None:
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    name = shop / f"photo{HOSTILE}\n.png"
    for folder in ("missing", "there"):
        if folder == "there":
            name.write_bytes((shop / "pictures" / "red.png").read_bytes())
        for argv in (["search", name, "--store", shop / "store"], ["detect", name]):
            code, out, err = call(*argv)
            assert code == (1 if folder == "missing" else 0) and is_clean(out) and is_clean(err)
    # Names of files and folders in messages, and what argparse quotes.
    for argv in (
        ["status", "--store", name],
        ["build", name, "--store", shop / "store"],
        ["search", "a.jpg", "--store", shop / "store", "--category", HOSTILE],
        ["search", "a.jpg", "--store", "s", "--top-k", HOSTILE],
        ["search", "a.jpg", "--store", "s", f"--{HOSTILE}"],
        [f"dance{HOSTILE}"],
    ):
        code, out, err = call(*argv)
        assert code in (1, 2) and is_clean(out) and is_clean(err) and err


def test_the_servers_command_is_held_to_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from pocketshelf_server.cli import main as server

    assert server(["publish", str(tmp_path / HOSTILE)]) == 1
    with pytest.raises(SystemExit):
        server(["publish", str(tmp_path), f"--{HOSTILE}"])
    out, err = capfd.readouterr()
    assert out == "" and is_clean(err) and "\\x1b[2J" in err


def test_the_trainings_command_is_held_to_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    from pocketshelf_training.__main__ import main as train

    with pytest.raises(SystemExit):
        train([f"dance{HOSTILE}"])
    out, err = capfd.readouterr()
    assert out == "" and is_clean(err) and "\\x1b[2J" in err


def test_every_way_to_print_is_held_to_it(capfd: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    tell(HOSTILE)
    print_table([["a", HOSTILE], ["bb", "c"]])
    print_json({HOSTILE: HOSTILE})
    out, err = capfd.readouterr()
    assert is_clean(out) and is_clean(err) and err.count("\n") == 1
    assert json.loads(out.splitlines()[-1]) == {HOSTILE: HOSTILE}


def test_a_log_line_is_one_line_without_passwords(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    former, root.handlers = root.handlers, []
    try:
        set_up_logging()
        try:
            raise ValueError(f"postgresql://user:hunter2@host {HOSTILE}\nforged")
        except ValueError:
            logging.getLogger("x").exception("GET /%s\n2026-11-27 INFO forged", HOSTILE)
    finally:
        root.handlers = former
    _, err = capfd.readouterr()
    assert is_clean(err) and "hunter2" not in err and "\n2026-11-27 INFO forged" not in err


def test_nothing_is_printed_past_the_doors() -> None:
    """A new command's bare `print` would be a hole."""
    found = []
    for source in SOURCES:
        for path in source.rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                    "print",
                    "sys.stdout.write",
                    "sys.stderr.write",
                ):
                    found += [f"{name}:{node.lineno}"] if name not in DOORS else []
    assert found == []


def test_a_name_that_is_no_text_is_shown_as_its_escape(shop: Path, call: Any) -> None:
    missing = shop / os.fsdecode(b"caf\xe9.png")
    _, _, err = call("detect", missing)
    assert is_clean(err) and "caf\\udce9.png" in err
