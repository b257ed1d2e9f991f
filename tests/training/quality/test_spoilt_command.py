"""What photos find that are spoilt, by one bundle and beside another."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from pocketshelf.formats.bundle import Bundle
from pocketshelf_training.quality import spoilt
from pocketshelf_training.quality.spoilt import HARMS


@pytest.mark.parametrize("name", [name for name in HARMS if name != "as it is"])
def test_every_harm_changes_a_photo(name: str) -> None:
    photo = draw_thing((200, 40, 40)).convert("RGB").resize((240, 300))
    one, same, _ = (HARMS[name](photo, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one.mode == "RGB" and np.array_equal(one, same), "by its seed alone"
    assert one.size != photo.size or not np.array_equal(one, photo)


def test_the_command_tells_every_harm_beside_another_bundle(
    fake_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pairs").mkdir()
    lines = ["role,image,item_id,category"]
    for name, (colour, *_) in sorted(COLOURS.items()):
        for role in ("gallery", "query"):
            picture: Image.Image = draw_thing(colour).convert("RGB").resize((240, 300))
            picture.save(tmp_path / "pairs" / f"{name}-{role}.png")
            lines.append(f"{role},{name}-{role}.png,{name},thing")
    (tmp_path / "pairs" / "pairs.csv").write_text("\n".join(lines) + "\n")
    parser = argparse.ArgumentParser()
    spoilt.add_arguments(parser)
    folder = str(fake_bundle.folder)
    asked = ["--bundle", folder, "--set", f"pairs={tmp_path / 'pairs'}", "--split", "all"]
    assert spoilt.run(parser.parse_args([*asked, "--json", "--beside", folder])) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["way"], row["harm"]) for row in rows] == [
        (way, name) for way in ("whole", "by box") for name in HARMS
    ]
    for row in rows:
        assert row["photos"] == len(COLOURS) and row["gain"]["value"] == row["gain alone"]["value"] == 0
        assert row["alone"] == row["beside alone"] and row["told"] == row["beside"]
    assert rows[0]["told"]["value"] == 1.0, "photos as they are"
    assert spoilt.run(parser.parse_args(asked)) == 0
    told = capsys.readouterr().out
    assert "| whole | held by fingers | " in told and "points gained" not in told
