"""`./dev bench` goes on past what fails and from where it was cut off; pages say what the results say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")
ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

import everything as bench  # noqa: E402
import fill_pages as tables  # noqa: E402
from common import record  # noqa: E402
from pocketshelf.errors import PocketshelfError, UsageError  # noqa: E402

GOOD, BAD, OTHER = "good.py", "bad.py", "other.py --twice"
PARTS = {
    "good": bench.Part(GOOD, 1, GOOD, "table.py"),
    "bad": bench.Part(BAD, 1, BAD),
    "other": bench.Part(OTHER, 1),
}


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that a run of `PARTS` calls; "bad.py" fails."""
    called: list[str] = []

    def fake(command: str, environment: dict[str, str]) -> str | None:
        assert environment[record.COMMIT]
        called.append(command)
        return "no such thing" if command == BAD else None

    monkeypatch.setattr(bench, "run_part", fake)
    return called


def test_a_part_that_fails_ends_no_other_and_is_done_again(ran: list[str], tmp_path: Path) -> None:
    path = tmp_path / "done.json"
    failed = bench.run_all(list(PARTS), PARTS, False, [], path)
    assert (ran, failed) == ([GOOD, "table.py", BAD, OTHER], {"bad": "no such thing"})
    known = json.loads(path.read_text())
    assert known["parts"] == ["good", "other"]
    assert bench.done_before(known["commit"], path) == ["good", "other"]
    assert bench.done_before("another", path) == []
    bench.run_all(list(PARTS), PARTS, False, bench.done_before(known["commit"], path), path)
    assert ran[4:] == [BAD]


def test_a_quick_run_leaves_out_what_has_no_smaller_form(ran: list[str], tmp_path: Path) -> None:
    path = tmp_path / "done.json"
    bench.run_all(list(PARTS), PARTS, True, [], path)
    assert ran == [GOOD, BAD] and not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"commit": 1}', "null"])
def test_a_memory_that_makes_no_sense_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "done.json"
    path.write_text(text)
    assert bench.done_before("abc", path) == []


def test_parts_are_chosen_by_name() -> None:
    assert bench.chosen("other, good", PARTS) == ["good", "other"]
    with pytest.raises(UsageError, match="no part 'fast'; there are good, bad, other"):
        bench.chosen("fast", PARTS)


def test_what_a_part_says_last_is_why_it_failed() -> None:
    assert bench.run_part("cold_start.py --repeats none", {"PATH": ""}) is not None


def test_every_part_is_a_script_and_takes_its_options() -> None:
    for name, part in bench.PARTS.items():
        for command in filter(None, (part.command, part.quick, part.table)):
            script, *options = command.split()
            assert (ROOT / "benchmarks" / script).is_file(), name
            source = (ROOT / "benchmarks" / script).read_text()
            for option in options:
                assert not option.startswith("--") or f'"{option}"' in source, f"{name}: {option}"


def test_the_pages_say_what_was_measured() -> None:
    stale = [path.name for path, _ in tables.changed()]
    assert stale == [], "python benchmarks/fill_pages.py"


def test_every_table_has_its_place() -> None:
    for name, table in tables.TABLES.items():
        text = (tables.DOCS / table.page).read_text()
        assert f"<!-- {name}: begin -->" in text and f"<!-- {name}: end -->" in text, table.page


def test_a_table_replaces_the_one_before_and_nothing_else() -> None:
    page = "# A\n\n<!-- x: begin -->\nold\n<!-- x: end -->\n\nrest <!-- y: begin -->\n"
    once = tables.filled(page, "x", r"| new \1 |")
    assert once == page.replace("old", r"| new \1 |") and tables.filled(once, "x", r"| new \1 |") == once
    assert tables.filled(page, "z", "new") == page


def test_a_logged_run_s_speed_leaves_its_first_epoch_out(tmp_path: Path) -> None:
    from training_speed import logged

    speeds = [(60.0, 10.0, 0.5), (7.0, 900.0, 0.001), (8.0, 800.0, 0.002), (9.0, 700.0, 0.003)]
    names = ("seconds", "pictures_a_second", "waiting")
    lines = [
        {"epoch": n, "batch": 8, "speed": dict(zip(names, s, strict=True))} for n, s in enumerate(speeds)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    row = logged(path, "a chip")
    assert [row[name] for name in names] == [8.0, 800.0, 0.002]
    assert (row["chip"], row["pictures_a_batch"], row["epochs"]) == ("a chip", 16, 3)
    path.write_text(json.dumps({"epoch": 1, "batch": 8}) + "\n")
    with pytest.raises(PocketshelfError, match="says its speed"):
        logged(path, "a chip")


def test_results_go_elsewhere_where_that_is_asked_for(tmp_path: Path) -> None:
    code = "from common import record; record.write('x', {'a': 1})"
    environment = {record.ELSEWHERE: str(tmp_path), record.COMMIT: "abc", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "benchmarks", env=environment, check=True)
    assert json.loads((tmp_path / "x.json").read_text())["commit"] == "abc"
