"""The metadata of exported files, read by tflite-support's own reader.

That library wants protobuf < 4, which today's converters exclude: `./dev test` installs it into a folder of
its own, and it is asked in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix) / "tflite-support"
ROOT = Path(__file__).resolve().parents[2]
READ = """
import ctypes, json, pathlib, sys

folder, model = map(pathlib.Path, sys.argv[1:])
# The reader links libusb, which a machine need not have installed.
ctypes.CDLL(str(folder / "libusb_package" / "libusb-1.0.so"), ctypes.RTLD_GLOBAL)
sys.path.append(str(folder))
from tensorflow_lite_support.metadata.python.metadata import MetadataDisplayer

displayer = MetadataDisplayer.with_model_file(str(model))
names = displayer.get_packed_associated_file_list()
files = {name: displayer.get_associated_file_buffer(name).decode() for name in names}
print(json.dumps({"metadata": json.loads(displayer.get_metadata_json()), "files": files}))
"""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="tflite-support's reader is not installed; ./dev test does it (Python 3.11 on Linux x86-64), or: "
    f"pip install --no-deps --target {FOLDER} tflite-support==0.4.4 libusb-package",
)


def read(model: Path) -> dict:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", READ, str(FOLDER), str(model)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_exporters_metadata(exported):
    found = read(exported("tflite", "none") / "embedder.tflite")
    assert found["metadata"]["name"] == "pocketshelf-embedder"
    (graph,) = found["metadata"]["subgraph_metadata"]
    (image,) = graph["input_tensor_metadata"]
    assert image["content"]["content_properties"] == {
        "color_space": "RGB",
        "default_size": {"width": 32, "height": 32},
    }
    (unit,) = image["process_units"]
    assert unit["options_type"] == "NormalizationOptions"
    assert unit["options"] == {"mean": [127.0] * 3, "std": [128.0] * 3}
    embedding, categories = graph["output_tensor_metadata"]
    assert embedding["name"] == "embedding" and categories["name"] == "categories"
    assert {each["name"]: each["type"] for each in categories["associated_files"]} == {
        "categories.txt": "TENSOR_AXIS_LABELS",
        "categories_calibration.csv": "TENSOR_AXIS_SCORE_CALIBRATION",
    }
    assert found["files"]["categories.txt"].split() == ["a", "b", "c"]
    assert found["files"]["categories_calibration.csv"].splitlines() == ["1,1,0"] * 3


def test_the_committed_detector():
    found = read(ROOT / "models" / "first" / "detector.tflite")
    (graph,) = found["metadata"]["subgraph_metadata"]
    scores, distances = graph["output_tensor_metadata"]
    assert scores["name"] == "scores" and distances["name"] == "distances"
    assert scores["process_units"][0]["options_type"] == "ScoreThresholdingOptions"
    assert "goods" in found["files"]["scores.txt"].split()
