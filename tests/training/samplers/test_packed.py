"""A detector's pictures in one file: the same photos, boxes and outlines come out as went in."""

import argparse
from zipfile import ZipFile

import numpy as np
import pytest

from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.detector import pictures
from pocketshelf_training.samplers import packed
from pocketshelf_training.samplers.sources import instance


@pytest.fixture(scope="module")
def file(drawn_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "detector.zip"
    assert pictures.run(arguments(f"--data={drawn_data}", f"--out={path}", "--size=64", "--quality=90")) == 0
    return path


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    pictures.add_arguments(parser)
    return parser.parse_args(given)


def test_what_comes_out_is_what_went_in(file, drawn_data):
    whole = pictures.build_mixture(arguments(f"--data={drawn_data}", "--size=64"))
    small = pictures.build_mixture(arguments(f"--pictures={file}", "--data=nowhere", "--size=64"))
    assert small.plan(0, 1) == whole.plan(0, 1)
    assert len(small.cut_outs) == len(whole.cut_outs) and small.cut_outs[0].mode == "RGBA"
    for mine, theirs in zip(small.street, whole.street, strict=True):
        assert mine.groups.tolist() == theirs.groups.tolist()
        one, other = small.cache.picture(mine), whole.cache.picture(theirs)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.02)
        apart = np.abs(np.asarray(one.image, float) - np.asarray(other.image, float))
        assert one.image.size == other.image.size and apart.mean() < 6
    piece, original = (instance(mixture.street[0], 0, mixture.cache) for mixture in (small, whole))
    assert piece.size == original.size
    assert np.abs(np.asarray(piece.getchannel("A"), float) - np.asarray(original.getchannel("A"))).mean() < 20


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "other.zip"
    other.write_bytes(b"no archive")
    foreign = tmp_path / "foreign.zip"
    with ZipFile(foreign, "w") as kept:
        kept.writestr("index.json", '{"side": 96, "images": ["photo.jpg"]}')
    for path in (other, foreign, tmp_path / "missing.zip"):
        with pytest.raises(DataMissing, match="no packed pictures"):
            packed.read(path)
