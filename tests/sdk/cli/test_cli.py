"""The command line: output, exit codes, one clear line for every fault."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_things import COLOURS
from pocketshelf.cli.entry import PROGRAM
from pocketshelf.formats import Bundle
from pocketshelf.retriever import Retriever

ROOT = Path(__file__).resolve().parents[3]
SEARCH = ["search", "a.jpg", "--store", "s"]


@pytest.fixture
def store(shop: Path, call: Any) -> Path:
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    return shop / "store"


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def one_line(text: str) -> bool:
    return text.startswith("pocketshelf: ") and text.count("\n") == 1


def test_build_reports_and_leaves_out_bad_lines(shop: Path, call: Any) -> None:
    with (shop / "catalogue.csv").open("a") as stream:
        stream.write("x,t,c,gone.png,\n,t,c,a.png,\n")
    code, out, err = call("build", shop / "catalogue.csv", "--store", shop / "store", "--json")
    (report,) = lines(out)
    assert code == 1 and (report["products"], report["sequence"], report["store"]) == (
        6,
        1,
        str(shop / "store"),
    )
    assert [p["line"] for p in report["problems"]] == [8, 9]
    assert "line 8: " in err and "line 9: product_id is empty" in err and "left out 2 bad lines" in err


def test_build_without_one_good_line_fails(shop: Path, call: Any) -> None:
    (shop / "catalogue.csv").write_text("product_id,title,category,image\nx,t,c,gone.png\n")
    code, out, err = call("build", shop / "catalogue.csv", "--store", shop / "store")
    assert (code, out) == (1, "") and "no usable row" in err.splitlines()[-1]


def test_search_prints_one_json_line_a_photo_and_goes_on_after_a_bad_one(
    shop: Path, store: Path, call: Any
) -> None:
    bad = shop / "bad.jpg"
    bad.write_text("no photo")
    photos = [shop / "pictures" / "red.png", bad, shop / "pictures" / "blue.png"]
    code, out, err = call("search", *photos, "--store", store, "--json", "--top-k", 2, "--whole")
    red, failed, blue = lines(out)
    assert code == 1 and one_line(err) and "bad.jpg" in err
    assert list(failed) == ["photo", "error"] and failed["photo"] == str(bad)
    for line, name in ((red, "red"), (blue, "blue")):
        assert line["regions"][0]["hits"][0]["product_id"] == name and len(line["regions"][0]["hits"]) == 2


def test_search_reads_paths_from_standard_input(
    shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(shop / "pictures" / f"{name}.png") for name in COLOURS]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\r\n".join(names[1:]) + "\n\n"))
    code, out, _ = call("search", names[0], "-", "--store", store, "--json")
    assert code == 0 and [line["photo"] for line in lines(out)] == names


def test_search_prints_a_table_for_people(shop: Path, store: Path, call: Any) -> None:
    code, out, _ = call("search", shop / "pictures" / "red.png", "--store", store, "--top-k", 3)
    heading, region, *hits = out.splitlines()
    assert code == 0 and heading.startswith(f"{shop}/pictures/red.png  160 x 120, ")
    assert region.startswith("  goods 0.90 at 48,") and "Red things" in region and "shade dark" in region
    assert len(hits) == 3 and hits[0].split()[:1] == ["1"] and " red " in hits[0]
    assert len({line.index(" thing ") - len(line.split()[4]) for line in hits if " thing " in line}) >= 1


@pytest.mark.parametrize("command", ["search", "status", "verify", "rollback"])
def test_a_missing_store_is_one_clear_line(tmp_path: Path, call: Any, command: str) -> None:
    photo = ["a.jpg"] if command == "search" else []
    code, out, err = call(command, *photo, "--store", tmp_path / "none", "--json")
    assert (code, out) == (1, "") and one_line(err) and "make one with 'build' or 'sync'" in err


def test_a_missing_bundle_is_one_clear_line(shop: Path, store: Path, call: Any, tmp_path: Path) -> None:
    for argv in (
        ["search", "a.jpg", "--store", store],
        ["detect", "a.jpg"],
        ["embed", "a.jpg", "--out", tmp_path / "x.npy"],
        ["build", shop / "catalogue.csv", "--store", store],
    ):
        code, out, err = call(*argv, "--bundle", tmp_path / "none")
        assert (code, out) == (1, "") and one_line(err) and "no bundle here" in err


def test_an_unknown_category_lists_those_there_are(shop: Path, store: Path, call: Any) -> None:
    code, out, err = call("search", shop / "pictures" / "red.png", "--store", store, "--category", "Shoes")
    assert (code, out) == (2, "") and one_line(err) and "Blue things, Green things" in err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["dance"],
        ["search"],
        ["search", "a.jpg"],
        ["search", "a.jpg", "--store", "s", "--top-k", "0"],
        ["search", "a.jpg", "--store", "s", "--top-k", "many"],
        ["search", "a.jpg", "--store", "s", "--top-k", "1001"],
        ["search", "a.jpg", "--store", "s", "--frobnicate"],
        ["build", "c.csv", "--store", "s", "--whole", "--detect"],
        ["embed", "a.jpg"],
        *(
            ["search", "a.jpg", "--store", "s", "--timeout-s", text]
            for text in ("0", "-1", "nan", "inf", "1e9", "x")
        ),
        *(
            ["search", "a.jpg", "--store", "s", "--server", text]
            for text in ("shop", "ftp://shop", "http://:1")
        ),
        *(["search", "a.jpg", "--store", "s", "--top-k", text] for text in ("1.5", "1_0", "１", "9" * 5000)),
        ["sync", "--store", "s", "--server", "shop.example"],
        *(["sync", "--store", "s", "--server", "http://[::1]", "--spread", s] for s in ("-1", "1e6", "x")),
    ],
)
def test_wrong_usage_is_exit_code_2(call: Any, argv: list[str]) -> None:
    code, out, err = call(*argv)
    assert (code, out) == (2, "") and err and len(err.splitlines()[-1]) < 300


def test_a_password_in_an_address_is_told_nowhere(store: Path, shop: Path, call: Any) -> None:
    for address in ("http://user:hunter2@127.0.0.1:9", "http://user:hunter2@127.0.0.1:nine"):
        for options in ([], ["--json"]):
            search = ["search", shop / "pictures" / "red.png", "--store", store, "--server", address]
            sync = ["sync", "--store", store, "--server", address, "--trust-on-first-use"]
            for command in (search, sync, ["status", "--store", store]):
                _, out, err = call(*command, *options)
                assert "hunter2" not in out + err
    assert "hunter2" not in (store / "sync.json").read_text()


def test_a_sync_of_a_timer_waits_a_random_part_of_its_spread(
    store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("pocketshelf.cli.sync.time.sleep", waited.append)
    monkeypatch.setattr("pocketshelf.cli.sync.random.random", lambda: 0.25)
    server = ["sync", "--store", store, "--server", "http://[::1]:9", "--trust-on-first-use"]
    assert call(*server, "--spread", "600")[0] == call(*server)[0] == 1
    assert waited[0] == 150.0 and 0.0 in waited[1:] and 150.0 not in waited[1:]


def test_every_command_explains_itself(call: Any) -> None:
    code, out, _ = call("--help")
    assert code == 0 and all(f"\n    {name} " in out for name in PROGRAM.available())
    for name in PROGRAM.available():
        code, out, _ = call(name, "--help")
        assert code == 0 and "usage: pocketshelf " in out and len(out) > 200


def test_commands_whose_module_is_absent_are_not_offered() -> None:
    absent = {"fly": "pocketshelf.fly.cli", "swim": "pocketshelf.cli.swim"}
    found = replace(PROGRAM, commands={**PROGRAM.commands, **absent}).available()
    assert not absent.keys() & found.keys()
    assert {"build", "search", "status"} <= found.keys()


def test_detect_prints_boxes_without_hits(shop: Path, call: Any) -> None:
    photo = shop / "pictures" / "red.png"
    code, out, _ = call("detect", photo, shop / "gone.png", "--json")
    line, failed = lines(out)
    assert code == 1 and failed["photo"].endswith("gone.png")
    assert [r["group"] for r in line["regions"]] == ["goods", "upper", "upper"]
    assert all(list(r) == ["box", "group", "score", "categories", "attributes"] for r in line["regions"])
    code, out, _ = call("detect", photo)
    assert code == 0 and out.splitlines()[1].startswith("  goods 0.90 at 48,")


def test_embed_writes_rows_in_order(shop: Path, call: Any, tmp_path: Path) -> None:
    red, blue = shop / "pictures" / "red.png", shop / "pictures" / "blue.png"
    code, out, err = call("embed", red, shop / "gone.png", blue, "--out", tmp_path / "x.npy", "--json")
    assert code == 1 and "gone.png: no such file" in err
    assert [line.get("row") for line in lines(out)] == [0, None, 1]
    rows = np.load(tmp_path / "x.npy")
    assert rows.shape == (2, 16) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert call("embed", red, blue, "--whole", "--out", tmp_path / "whole")[0] == 0
    whole = np.load(tmp_path / "whole")
    assert not np.allclose(whole, rows)
    assert sorted(path.name for path in tmp_path.glob("*x.npy*")) == ["x.npy"]


def test_embed_writes_nothing_when_no_photo_is_good(shop: Path, call: Any, tmp_path: Path) -> None:
    code, _, err = call("embed", shop / "gone.png", "--out", tmp_path / "x.npy")
    assert code == 1 and "x.npy is not written" in err and not (tmp_path / "x.npy").exists()
    code, _, err = call("embed", shop / "pictures" / "red.png", "--out", tmp_path / "none" / "x.npy")
    assert code == 2 and one_line(err) and "name a file in a folder that is there" in err


def test_the_stores_life(shop: Path, store: Path, call: Any) -> None:
    code, out, _ = call("status", "--store", store, "--json")
    (status,) = lines(out)
    assert code == 0 and (status["sequence"], status["products"], status["previous"]) == (1, 6, None)
    assert status["categories"]["Red things"] == 2 and status["space"] == "fake-space"
    assert call("rollback", "--store", store)[0] == 1
    call("build", shop / "catalogue.csv", "--store", store)
    code, out, _ = call("verify", "--store", store, "--json")
    assert code == 0 and lines(out)[0]["ok"] and lines(out)[0]["sequence"] == 2
    code, out, _ = call("rollback", "--store", store, "--json")
    assert code == 0 and lines(out) == [{"store": str(store), "generation": "00000001", "sequence": 1}]
    (store / "generations" / "00000001" / "shard.sqlite").write_bytes(b"junk")
    code, out, err = call("verify", "--store", store, "--json")
    assert code == 1 and one_line(err) and not lines(out)[0]["ok"]
    code, out, err = call("search", shop / "pictures" / "red.png", "--store", store)
    assert (code, out) == (1, "") and one_line(err)


def test_a_store_of_another_space_names_the_remedy(
    shop: Path, store: Path, call: Any, tmp_path: Path
) -> None:
    from fake_models import make_bundle

    make_bundle(tmp_path / "other", space="other")
    code, out, err = call(
        "search", shop / "pictures" / "red.png", "--store", store, "--bundle", tmp_path / "other"
    )
    assert (code, out) == (1, "") and one_line(err)
    assert "'fake-space'" in err and "'other'" in err and "build or sync the store again" in err


def test_a_folder_that_cannot_be_written_is_one_clear_line(shop: Path, call: Any) -> None:
    (shop / "taken").write_text("a file")
    code, out, err = call("build", shop / "catalogue.csv", "--store", shop / "taken" / "store")
    assert (code, out) == (1, "") and one_line(err) and "store is as it was" in err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_clear_line(shop: Path, call: Any, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    code, _, err = call("build", shop / "catalogue.csv", "--store", tmp_path / "locked" / "store")
    assert code == 1 and one_line(err) and "Permission denied" in err


def test_an_interrupt_is_quiet(store: Path, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Retriever, "search", interrupt)
    assert call("search", "a.jpg", "--store", store) == (130, "", "")


def test_names_that_are_no_text_come_out_as_json(shop: Path, store: Path, call: Any) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    (shop / name).write_bytes((shop / "pictures" / "red.png").read_bytes())
    code, out, _ = call("search", shop / name, "--store", store, "--json")
    assert code == 0 and lines(out)[0]["photo"] == str(shop / name)


def run_process(*argv: object, **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pocketshelf", *map(str, argv)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_a_reader_that_leaves_early_is_no_error_message(store: Path) -> None:
    process = run_process("status", "--store", store, "--json")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) in (0, 1)


def test_control_c_ends_a_process_quietly(store: Path, fake_bundle: Bundle) -> None:
    code = (
        "import fake_models, signal, sys; from pocketshelf.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # Jobs of a script begin without it.
        "sys.exit(main(sys.argv[1:]))"
    )
    options = ["--store", store, "--bundle", fake_bundle.folder, "--json"]
    command = [sys.executable, "-c", code, "search", "-", *map(str, options)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"nowhere.jpg\n")
        process.stdin.flush()
        assert b"nowhere.jpg" in process.stdout.readline()  # Now it waits for the next.
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Traceback" not in err


def test_build_reads_a_shop_systems_export(shop: Path, call: Any) -> None:
    """By --format, and with columns called otherwise by --map; notes go to standard error."""
    text = "Handle,Title,Type,Image Src,Barcode\nred,Red,Things,pictures/red.png?v=1,4006381333930\n"
    (shop / "export.csv").write_text(f"{text}red,,,/pictures/LIME.png,\n")
    code, out, err = call(
        "build", shop / "export.csv", "--store", shop / "s", "--format", "shopify", "--json"
    )
    (report,) = lines(out)
    assert (code, report["products"], report["pictures"]) == (0, 1, 2)
    assert {note["line"] for note in report["notes"]} == {2, 3}
    assert "note: line 2: Barcode '4006381333930' is no EAN" in err and "is there as 'lime.png'" in err
    maps = ("--map", "product_id=Handle,title=Title", "--map", "image=Image Src,category=Type")
    assert call("build", shop / "export.csv", "--store", shop / "s", *maps, "--encoding", "utf-8")[0] == 0
    code, _, err = call("build", shop / "export.csv", "--store", shop / "s", "--map", "nonsense")
    assert code == 2 and "OURS=THEIRS" in err
