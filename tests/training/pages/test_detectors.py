"""``pocketshelf-train detectors``: two detectors on the same photos."""

import argparse
import json
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf_training.data.plain_csv import load
from pocketshelf_training.data.shop import split_of
from pocketshelf_training.pages import detectors


def saved_lines(path: Path, shop: Path, shift: float) -> Path:
    """Lines of `pocketshelf detect --json` whose boxes lie beside the true ones by ``shift`` pixels."""
    lines = []
    for each in (s for s in load(shop) if s.split == "test"):
        x, y, w, h = each.boxes[0][1]
        region = {"box": [x + shift, y, w, h], "group": "goods", "score": 0.9}
        lines.append(json.dumps({"photo": str(each.image), "regions": [region]}))
    path.write_text("\n".join(lines) + "\n")
    return path


def run(tmp_path: Path, *options: str) -> tuple[dict, str]:
    parser = argparse.ArgumentParser()
    detectors.add_arguments(parser)
    page = tmp_path / "page.md"
    fixed = ["--split=test", f"--cache={tmp_path / 'cache'}", f"--write={page}"]
    assert detectors.run(parser.parse_args([*options, *fixed])) == 0
    return json.loads(page.with_suffix(".json").read_text()), page.read_text()


def test_the_worse_one_is_so_many_points_behind(drawn_shop: Path, tmp_path: Path) -> None:
    exact = saved_lines(tmp_path / "exact.jsonl", drawn_shop, 0)
    beside = saved_lines(tmp_path / "beside.jsonl", drawn_shop, 35)
    found, page = run(
        tmp_path, f"--way=exact={exact}", f"--way=beside={beside}", f"--data-set=hard-cases={drawn_shop}"
    )
    (measured,) = found["data_sets"].values()
    assert measured["photos"] == 10
    assert measured["ways"]["exact"]["figures"]["mAP@0.5"][0] == pytest.approx(1.0)
    assert measured["ways"]["exact"]["difference"] == {}
    assert measured["ways"]["beside"]["difference"]["mAP@0.5"][:3] == pytest.approx([-1.0, -1.0, -1.0])
    assert "hard-cases (synthetic)" in page and "-100.0 (-100.0 to -100.0)" in page


def test_a_way_without_a_model_is_refused(drawn_shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write NAME=MODEL"):
        run(tmp_path, "--way=exact", f"--data-set=hard-cases={drawn_shop}")


def test_photos_without_boxes_are_one_clear_error(drawn_shop: Path, tmp_path: Path) -> None:
    given = [f"--way=exact={saved_lines(tmp_path / 'exact.jsonl', drawn_shop, 0)}"]
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "photos.csv").write_text("image,split,product_id\na.png,test,p1\n")
    with pytest.raises(UsageError, match="no photo of split test has boxes"):
        run(tmp_path, *given, f"--data-set=csv={tmp_path}")


def test_what_was_written_by_hand_stays_below_the_new_tables(drawn_shop: Path, tmp_path: Path) -> None:
    given = [f"--way=exact={saved_lines(tmp_path / 'exact.jsonl', drawn_shop, 0)}"]
    (tmp_path / "page.md").write_text("an old table\n\n<!-- by hand -->\n\n## Tried\n\nNothing gained.\n")
    _, page = run(tmp_path, *given, f"--data-set=hard-cases={drawn_shop}")
    _, again = run(tmp_path, *given, f"--data-set=hard-cases={drawn_shop}")
    assert "old table" not in page
    assert page.endswith("\n\n<!-- by hand -->\n\n## Tried\n\nNothing gained.\n")
    assert again == page


def test_the_shop_s_pictures_are_a_table_of_their_own(drawn_shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "shop"
    folder.mkdir(parents=True)
    lines, detections = ["role,image,item_id,category"], []
    for number in range(40):
        Image.new("RGB", (40, 40), (255, 255, 255)).save(folder / f"{number}.png")
        lines.append(f"gallery,{number}.png,mt{number:02}-red,upper")
        region = {"box": [0, 0, 20, 20], "group": "upper" if number % 2 else "bag", "score": 0.9}
        detections.append(json.dumps({"photo": str(folder / f"{number}.png"), "regions": [region]}))
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n")
    exact = saved_lines(tmp_path / "exact.jsonl", drawn_shop, 0)
    exact.write_text(exact.read_text() + "\n".join(detections) + "\n")
    given = [f"--way=exact={exact}", f"--data-set=hard-cases={drawn_shop}"]
    found, page = run(tmp_path, *given, "--shop", f"--data={tmp_path / 'data'}")
    expected = [n % 2 for n in range(40) if split_of(f"mt{n:02}") == "test"]
    assert found["shop"]["exact"]["upper"] == {
        "pictures": len(expected),
        "right": pytest.approx(sum(expected) / len(expected)),
    }
    assert f"upper ({len(expected)})" in page
