"""Folding, dead filters and the exported forms."""

from __future__ import annotations

import torch
from torch import nn

from converters.deploy import EmbedderCore, UnitLength, fold_batch_norm, lift_dead_filters
from pocketshelf_training.models.embedder import Embedder


def test_folding_keeps_the_outputs_and_removes_every_norm(tiny):
    x = torch.rand(1, 3, 32, 32)
    for before, after in zip(tiny.original(x), tiny.core(x), strict=True):
        torch.testing.assert_close(before, after, atol=2e-4, rtol=1e-3)
    assert not [m for m in tiny.core.modules() if isinstance(m, nn.BatchNorm2d)]


def test_deployed_takes_pixels_as_they_come(tiny):
    image = torch.randint(0, 256, (1, 32, 32, 3), dtype=torch.uint8)
    by_hand = tiny.original((image.permute(0, 3, 1, 2).float() - 127) / 128)
    for expected, found in zip(by_hand, tiny.deployed(image), strict=True):
        torch.testing.assert_close(expected, found, atol=2e-4, rtol=1e-3)


def test_the_embedders_core_computes_what_the_embedder_computes():
    torch.manual_seed(0)
    network = Embedder(["a", "b"], size=64)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # Averages, so that one batch is enough for statistics.
        network(torch.rand(4, 3, 64, 64))
    network.eval()
    core = EmbedderCore(fold_batch_norm(network, (64, 64)), (64, 64)).eval()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        for expected, found in zip(network(x), core(x), strict=True):
            torch.testing.assert_close(expected, found, atol=1e-3, rtol=1e-2)


def test_unit_length_survives_half_precision():
    vector = torch.full((1, 128), 1e-2)
    assert abs(float(UnitLength()(vector.half()).float().norm()) - 1) < 5e-3


def test_dead_filters_get_a_scale_that_their_bias_fits():
    conv = nn.Conv2d(4, 2, 1)
    with torch.no_grad():
        conv.weight[0] = 1e-12
        conv.bias[0] = 6.0
    untouched = conv.weight[1].clone()
    x = torch.rand(1, 4, 5, 5) * 6
    before = conv(x)
    assert lift_dead_filters(conv) == 1
    step = float(conv.weight[0].detach().abs().max()) / 127 * 6 / 255
    assert 6.0 / step < 2**31
    assert float((conv(x) - before).detach().abs().max()) < 6 / 255
    assert torch.equal(conv.weight[1], untouched)
