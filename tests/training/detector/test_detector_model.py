"""The detector's outputs keep the contract, and its untied form for export is the same function."""

import pytest
import torch

from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import GROUPS, STRIDES, Detector


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(0)
    return Detector(size=64, width=16, tower=1, tied=True).eval()


@torch.inference_mode()
def test_outputs_keep_the_contract(detector):
    scores, distances = detector(torch.randn(2, 3, 64, 96))
    points = sum((64 // stride) * (96 // stride) for stride in STRIDES)
    assert scores.shape == (2, points, len(GROUPS))
    assert distances.shape == (2, points, 4)
    assert (distances >= 0).all()
    assert ((scores > 0) & (scores < 1)).all()


@torch.inference_mode()
def test_points_come_row_by_row(detector):
    """A disturbance near one corner moves the scores of that corner's points most."""
    photo = torch.zeros(1, 3, 320, 320)
    marked = photo.clone()
    marked[..., :24, 296:] = 1.5
    change = (detector.logits(marked)[0] - detector.logits(photo)[0]).abs().sum(-1)[0]
    row, column = divmod(int(change[: 40 * 40].argmax()), 40)
    assert row < 12
    assert column >= 28


def test_tied_levels_share_convolutions_and_not_statistics(detector):
    convolutions = {id(head.score_tower[0][0][0].weight) for head in detector.heads}
    norms = {id(head.score_tower[0][0][1].weight) for head in detector.heads}
    assert (len(convolutions), len(norms)) == (1, 3)


@pytest.mark.parametrize(("name", "close"), [("d.safetensors", 1e-6), ("d.npz", 2e-2)])
@torch.inference_mode()
def test_untied_from_a_checkpoint_is_the_same_function(tmp_path, detector, name, close):
    save_checkpoint(tmp_path / name, "detector", detector.config, detector.state_dict())
    loaded = Detector.from_checkpoint(tmp_path / name)
    assert not loaded.training
    assert len({id(head.score_tower[0][0][0].weight) for head in loaded.heads}) == 3
    x = torch.randn(1, 3, 64, 64)
    for mine, theirs in zip(loaded(x), detector(x), strict=True):
        torch.testing.assert_close(mine, theirs, atol=close, rtol=close)


def test_the_shipped_configuration_is_small():
    count = sum(parameter.numel() for parameter in Detector().parameters())
    assert count <= 3_000_000


def test_the_photo_is_squashed_to_the_square(detector):
    assert detector.preprocessing.size == (64, 64)


def test_exports_statically_from_simple_operations(detector):
    program = torch.export.export(detector, (torch.randn(1, 3, 64, 64),))
    names = {str(node.target) for node in program.graph.nodes if node.op == "call_function"}
    assert not [name for name in names if "nms" in name or "topk" in name or "nonzero" in name]
    assert "aten.conv2d.default" in names
