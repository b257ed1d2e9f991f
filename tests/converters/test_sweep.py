"""Every precision and backend once: what becomes of each is noted, whatever it is."""

from __future__ import annotations

import json

import pytest

from converters import parity, sweep
from converters.document import BEGIN, END
from converters.document import main as document
from converters.sweep import Variant


def test_variants_are_every_precision_under_every_backend_that_runs_it():
    found = {
        (v.target, v.backend, v.precision) for v in sweep.variants(("tflite", "executorch"), ("embedder",))
    }
    assert {("tflite", "", p) for p in ("int8", "none", "fp16", "dynamic")} <= found
    assert ("executorch", "vulkan", "none") in found and ("executorch", "vulkan", "int8") not in found
    assert ("executorch", "arm", "int8") in found


@pytest.fixture
def swept(tiny_embedder, tmp_path, monkeypatch):
    """A variant that passes, one that misses its gate, one that is not available."""
    impossible = parity.THRESHOLDS["p4"]._replace(cosine_min=1.1)
    monkeypatch.setitem(parity.THRESHOLDS, "p4", impossible)
    chosen = [
        Variant("coreml", "none", "", "embedder"),
        Variant("coreml", "p4", "", "embedder"),
        Variant("executorch", "int8", "qualcomm", "embedder"),
    ]
    out = tmp_path / "sweep"
    sweep.sweep(chosen, {"embedder": tiny_embedder}, out)
    return out


def test_a_sweep_goes_on_without_exporting_again_what_passed(swept, tiny_embedder, monkeypatch):
    before = json.loads((swept / sweep.FILE_NAME).read_text())
    tried = []
    monkeypatch.setattr(
        sweep, "_try", lambda variant, *_: tried.append(variant) or sweep._outcome(variant, "failed")
    )
    chosen = [Variant("coreml", precision, "", "embedder") for precision in ("none", "p4")]
    kept, again = sweep.sweep(chosen, {"embedder": tiny_embedder}, swept, keep=True)
    assert json.loads(json.dumps(vars(kept))) == before[0]
    assert (again.result, tried) == ("failed", chosen[1:])


def test_each_outcome_is_noted_with_what_it_reached(swept):
    passed, missed, absent = json.loads((swept / sweep.FILE_NAME).read_text())
    assert passed["result"] == "passed" and passed["bytes"] > 1000 and not passed["message"]
    assert missed["result"] == "missed" and "cosine_min is" in missed["message"]
    assert 0 < missed["measures"]["embedding.cosine_min"] <= 1
    assert absent["result"] == "not available" and "QNN_SDK_ROOT" in absent["message"]
    # A missed gate leaves no files.
    assert sorted(path.name for path in swept.iterdir()) == ["coreml-none-embedder", sweep.FILE_NAME]

    page = swept / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    again = swept / "again"
    again.mkdir()
    (again / sweep.FILE_NAME).write_text(json.dumps([{**passed, "message": "tried again"}]))
    assert document([str(swept), str(again), "--page", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert text.count("| coreml | – | none |") == 1 and "tried again" in text
    assert "| coreml | – | p4 | embedder | missed | – |" in text
    assert "| executorch | qualcomm | int8 | embedder | not available | – |" in text


def test_the_command_refuses_unknown_names(tmp_path, capsys):
    assert sweep.main(["--out", str(tmp_path / "out"), "--target", "onnx"]) == 2
    assert "there are coreai, coreml, executorch, tflite, all" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
