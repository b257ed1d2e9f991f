"""The command end to end on drawn pictures: mined, reviewed, exported; a second run embeds nothing anew."""

from __future__ import annotations

import csv
import html
import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_models import DIMENSION
from pocketshelf_training.__main__ import main
from pocketshelf_training.mine import vectors
from pocketshelf_training.mine.pictures import list_pictures


def mine(fake_bundle, *words: object) -> int:
    return main(["mine", "same-style", "--bundle", str(fake_bundle.folder), *map(str, words)])


def identities(out) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with (out / "identities.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["product_id"], set()).add(row["image"].split("/")[-1])
    return found


def test_mined_reviewed_and_exported(fake_bundle, photo_folder, tmp_path, capsys):
    out = tmp_path / "mined"
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    said = json.loads((out / "clusters.json").read_text())
    products = {frozenset(name.split("/")[1][:-5] for name in each["members"]) for each in said["clusters"]}
    assert said["pictures"] == 15 and products == {
        frozenset({"red"}),
        frozenset({"green"}),
        frozenset({"blue"}),
    }
    assert all(each["sources"] == 2 for each in said["clusters"])
    printed = capsys.readouterr()
    assert "left out: seller-0/torn.jpg" in printed.err and "review.html" in printed.out
    assert not (out / "identities.csv").exists(), "nobody has accepted anything yet"

    accepted = [{**each, "state": "accepted"} for each in said["clusters"][:2]]
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps({"format": "pocketshelf-decisions", "version": 1, "clusters": accepted}))
    assert mine(fake_bundle, photo_folder, "--out", out, "--decisions", decisions) == 0
    assert set(map(frozenset, identities(out).values())) == {
        frozenset(name.split("/")[1] for name in each["members"]) for each in accepted
    }


def test_the_page_says_a_command_that_a_shell_can_run(fake_bundle, photo_folder, tmp_path):
    spaced = Path(shutil.copytree(photo_folder, tmp_path / "my photos"))
    out = tmp_path / "what was mined"
    assert mine(fake_bundle, spaced, "--out", out, "--whole") == 0
    (said,) = re.findall("<code>(.*?)</code>", (out / "review.html").read_text())
    assert shlex.split(html.unescape(said)) == [
        *("pocketshelf-train", "mine", "same-style", str(spaced)),
        *("--out", str(out), "--decisions", "decisions.json"),
    ]


def test_a_second_run_embeds_only_what_is_new(fake_bundle, photo_folder, tmp_path, monkeypatch):
    out, asked = tmp_path / "mined", []
    encode = vectors.Encoder.encode
    monkeypatch.setattr(vectors.Encoder, "encode", lambda *args: asked.append(1) or encode(*args))
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    first = (out / "clusters.json").read_text()
    assert len(asked) == 16  # the torn one, too
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    assert len(asked) == 17 and (out / "clusters.json").read_text() == first
    # Another way of looking is another vector.
    assert mine(fake_bundle, photo_folder, "--out", out) == 0
    assert len(asked) == 33


def test_vectors_that_were_damaged_are_made_anew(fake_bundle, photo_folder, tmp_path, capsys):
    out = tmp_path / "mined"
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    (kept,) = (out / "vectors").iterdir()
    kept.write_bytes(kept.read_bytes()[:200])
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    assert "made anew" in capsys.readouterr().err


def test_vectors_kept_before_palettes_were_are_made_anew(fake_bundle, photo_folder, tmp_path, capsys):
    out = tmp_path / "mined"
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    (kept,) = (out / "vectors").iterdir()
    with np.load(kept) as file:
        now = dict(file)
    assert sorted({palette[:1] for palette in now["palettes"]}) == ["2", "c"]
    np.savez(kept, digests=now["digests"], rows=now["rows"])
    capsys.readouterr()
    assert mine(fake_bundle, photo_folder, "--out", out, "--whole") == 0
    assert f"{kept}: vectors without their pictures' palettes" in capsys.readouterr().err
    with np.load(kept) as file:
        assert sorted(file["palettes"]) == sorted(now["palettes"])


def test_colours_tell_apart_what_the_vectors_do_not(fake_bundle, photo_folder, tmp_path, monkeypatch):
    encode = vectors.Encoder.encode

    def blind(*args):
        photo = encode(*args)
        alike = [
            replace(each, embedding=replace(each.embedding, vector=np.eye(1, DIMENSION, dtype=np.float32)[0]))
            for each in photo.regions
        ]
        return replace(photo, regions=tuple(alike))

    monkeypatch.setattr(vectors.Encoder, "encode", blind)
    sizes = {}
    for words in ((), ("--colours", 0)):
        out = tmp_path / f"mined{len(words)}"
        assert mine(fake_bundle, photo_folder, "--out", out, "--whole", *words) == 0
        said = json.loads((out / "clusters.json").read_text())
        sizes[words] = [len(each["members"]) for each in said["clusters"]]
    assert sizes == {(): [5, 5, 5], ("--colours", 0): [15]}


def test_rules_of_the_command_line_are_asked_and_reported(fake_bundle, photo_folder, tmp_path, capsys):
    assert mine(fake_bundle, photo_folder, "--out", tmp_path, "--whole", "--members", 6, "--unreviewed") == 0
    said = json.loads((tmp_path / "clusters.json").read_text())
    assert said["kept"] == 0 and said["dropped"] == {"members": {"clusters": 3, "pictures": 15}}
    assert said["rules"]["members"] == 6
    assert "dropped by members: 3 clusters, 15 pictures" in capsys.readouterr().out
    assert identities(tmp_path) == {}


def test_all_that_is_kept_can_be_taken_unseen(fake_bundle, photo_folder, tmp_path):
    assert mine(fake_bundle, photo_folder, "--out", tmp_path, "--whole", "--unreviewed") == 0
    found = sorted(map(sorted, identities(tmp_path).values()))
    assert found == [[f"{name}{n}.png" for n in range(5)] for name in ("blue", "green", "red")]


def test_a_csv_brings_its_own_sources(photo_folder, tmp_path):
    listed = photo_folder / "list.csv"
    listed.write_text("image;source\nseller-0/red0.png;a\nseller-1\\red1.png;b\nseller-0/red0.png;c\n")
    try:
        found = list_pictures(listed)
    finally:
        listed.unlink()
    assert [(each.name, each.source) for each in found] == [
        ("seller-0/red0.png", "a"),
        ("seller-1/red1.png", "b"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title\nx\n", "no column image"),
        ("image\nnone.jpg\n", ":2: no picture none.jpg"),
        ("image\n", "no pictures"),
    ],
)
def test_a_csv_that_lists_no_pictures_is_refused(fake_bundle, tmp_path, capsys, text, said):
    listed = tmp_path / "list.csv"
    listed.write_text(text)
    assert mine(fake_bundle, listed) == 1
    assert said in capsys.readouterr().err


def test_a_folder_without_pictures_is_refused(fake_bundle, tmp_path, capsys):
    assert mine(fake_bundle, tmp_path) == mine(fake_bundle, tmp_path / "nowhere") == 1
    err = capsys.readouterr().err
    assert "no pictures here" in err and "no such folder or CSV" in err
