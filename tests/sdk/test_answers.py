"""The stream that measurements read: the embedder's and the detector's own words, nothing selected."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from drawn_things import draw_thing
from pocketshelf import answers
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle
from pocketshelf.formats.answer import Detected, Embedded, Unreadable, from_line, to_line


def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, kind: str, bundle: Bundle, *lines):
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(json.dumps(line) + "\n" for line in lines)))
    code = answers.main([kind, "--bundle", str(bundle.folder)])
    return code, [from_line(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "red.png"
    draw_thing((200, 20, 20)).save(path)
    return str(path)


def test_an_embedder_s_answer_is_what_search_uses(photo, fake_bundle, monkeypatch, capsys) -> None:
    code, (whole, part, bad) = ask(
        monkeypatch,
        capsys,
        "embedder",
        fake_bundle,
        {"photo": photo},
        {"photo": photo, "box": [48, 24, 80, 84]},
        {"photo": photo + ".none"},
    )
    assert code == 0
    expected = Encoder.open(fake_bundle).encode(photo, whole=True).regions[0].embedding
    assert np.array_equal(whole.vector, expected.vector)
    assert whole.categories.tolist() == pytest.approx(list(expected.categories.values()))
    assert whole.attributes["shade"].tolist() == pytest.approx(expected.attributes["shade"].tolist())
    assert not np.allclose(part.vector, whole.vector)
    assert isinstance(bad, Unreadable) and "no such file" in bad.error


def test_a_detector_s_answer_is_all_its_boxes(photo, fake_bundle, monkeypatch, capsys) -> None:
    code, (found,) = ask(monkeypatch, capsys, "detector", fake_bundle, {"photo": photo})
    regions = Encoder.open(fake_bundle).detect(photo).regions
    assert code == 0 and len(regions) > 1
    assert found.groups == tuple(region.group for region in regions)
    assert np.allclose(found.boxes, [region.box for region in regions])


def test_what_is_missing_is_one_line(fake_bundle, tmp_path, monkeypatch, capsys) -> None:
    assert answers.main(["embedder", "--bundle", str(tmp_path)]) == 1
    assert "no bundle here" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("red.png\n"))
    assert answers.main(["embedder", "--bundle", str(fake_bundle.folder)]) == 1
    assert "a line is" in capsys.readouterr().err


def test_lines_say_the_same_again() -> None:
    vector = np.array([0.1, -1 / 3, 1e-9], np.float32)
    embedded = from_line(to_line(Embedded(vector, vector[:2], {"sleeve": vector[1:]})))
    assert isinstance(embedded, Embedded)
    assert np.array_equal(embedded.vector, vector) and np.array_equal(embedded.categories, vector[:2])
    assert np.array_equal(embedded.attributes["sleeve"], vector[1:])
    detected = from_line(to_line(Detected(np.array([[1, 2, 3, 4.5]]), ("hat",), np.array([0.25]))))
    assert isinstance(detected, Detected)
    assert (detected.boxes.tolist(), detected.groups, detected.scores.tolist()) == (
        [[1, 2, 3, 4.5]],
        ("hat",),
        [0.25],
    )
    assert from_line(to_line(Detected(np.zeros((0, 4)), (), np.zeros(0)))).boxes.shape == (0, 4)


@pytest.mark.parametrize("line", ["", "[]", "3", '{"vector": "AA=="}', '{"boxes": [[1, 2]], "groups": []}'])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)
