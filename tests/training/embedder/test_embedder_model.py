import torch

from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, normalise
from pocketshelf_training.models.embedder import Embedder


def test_shapes_and_unit_length():
    model = Embedder(["a", "b", "c"], dimension=16, size=64).eval()
    images = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        embedding, logits = model(normalise(images))
    assert embedding.shape == (2, 16) and logits.shape == (2, 3)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


def test_a_checkpoint_brings_back_the_same_function(tmp_path):
    torch.manual_seed(0)
    model = Embedder(["a", "b"], dimension=8, size=64).eval()
    save_checkpoint(tmp_path / "m.pt", "embedder", model.config, model.state_dict(), {})
    again = Embedder.from_checkpoint(tmp_path / "m.pt")
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model(x)[0], again(x)[0])
    assert again.categories == ["a", "b"] and again.preprocessing == model.preprocessing


def test_imagenet_weights_know_a_constant():
    """The trunk with its published weights: 3.37 million parameters, seven stages, known widths."""
    trunk = EfficientNetLite("lite0").load_imagenet()
    assert trunk.stage_channels == [16, 24, 40, 80, 112, 192, 320]
    assert sum(p.numel() for p in trunk.parameters()) == 3_371_008
    with torch.no_grad():
        stages = trunk.eval().stages(torch.zeros(1, 3, 64, 64))
    assert [tuple(s.shape[2:]) for s in stages] == [(32, 32), (16, 16), (8, 8), (4, 4), (4, 4), (2, 2)] + [
        (2, 2)
    ] * 2


def test_frozen_stages_keep_their_statistics():
    trunk = EfficientNetLite("lite0")
    trunk.freeze_until(2)
    trunk.train()
    before = trunk._bn0.running_mean.clone(), trunk._blocks[-1]._bn2.running_mean.clone()
    trunk(torch.randn(2, 3, 64, 64))
    torch.testing.assert_close(trunk._bn0.running_mean, before[0])
    assert not torch.equal(trunk._blocks[-1]._bn2.running_mean, before[1])
    assert not trunk._blocks[0]._project_conv.weight.requires_grad
    assert trunk._blocks[-1]._project_conv.weight.requires_grad
