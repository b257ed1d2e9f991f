"""WTBI, DARN and FashionNet: where gradients flow, what is shared, and whose turn it is."""

import pytest
import torch
from system_samples import VOCABULARY, random_batch
from torch import Tensor, nn

from pocketshelf_training.samplers.labelled import Vocabulary
from pocketshelf_training.studies.systems.darn import DARN
from pocketshelf_training.studies.systems.fashionnet import HELP, FashionNet
from pocketshelf_training.studies.systems.frozen import Frozen
from pocketshelf_training.studies.systems.protocol import System
from pocketshelf_training.studies.systems.unified import Unified
from pocketshelf_training.studies.systems.wtbi import WTBI, SimilarityNetwork


def touched(system: nn.Module, loss: Tensor) -> set[str]:
    """The parts (first names) of ``system`` that ``loss`` has a gradient in."""
    system.zero_grad(set_to_none=True)
    loss.backward()
    return {
        name.split(".")[0]
        for name, parameter in system.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().sum() > 0
    }


def test_similarity_network_is_a_layer_on_both_features_side_by_side() -> None:
    torch.manual_seed(0)
    network = SimilarityNetwork(features=4, hidden=8)
    street, shop = torch.randn(3, 4), torch.randn(2, 4)
    joined = nn.Linear(8, 8)
    joined.weight.data = torch.cat([network.street.weight, network.shop.weight], 1)
    joined.bias.data = network.street.bias
    pairs = torch.cat([street[:, None].expand(3, 2, 4), shop[None].expand(3, 2, 4)], 2)
    plain = nn.Sequential(joined, nn.ReLU(), network.second, nn.ReLU(), network.match)
    assert torch.allclose(network(street, shop), plain(pairs).squeeze(2), atol=1e-6)


def test_wtbi_trains_the_general_network_then_the_categories_never_the_features() -> None:
    torch.manual_seed(0)
    system, batch = WTBI(VOCABULARY, hidden=16), random_batch()
    system.begin(0, 10)
    assert touched(system, system.losses(batch)["match"]) == {"general"}
    system.begin(6, 10)
    assert all(
        torch.equal(mine, theirs)
        for network in system.specific
        for mine, theirs in zip(network.parameters(), system.general.parameters(), strict=True)
    )
    assert touched(system, system.losses(batch)["match"]) == {"specific"}
    assert not system.train().trunk.training, "batch statistics stay ImageNet's"


def test_wtbi_tunes_a_category_of_one_product_against_the_others_photos() -> None:
    torch.manual_seed(0)
    system, batch = WTBI(VOCABULARY, hidden=16), random_batch()
    system.begin(9, 10)
    rate = torch.optim.Adam(system.specific.parameters(), lr=1e-3)
    for _ in range(30):
        rate.zero_grad()
        system.losses(batch)["match"].backward()
        rate.step()
    # Category 1 has product 2 alone: its network must still turn the other products' photos away.
    features = system.embed(batch.images, batch.shop)
    logits = system.specific[1](features[~batch.shop], features[batch.shop][2:])
    photos = batch.identities[~batch.shop]
    assert logits[photos == 2].min() > logits[(photos == 0) | (photos == 1)].max()


def test_wtbi_turns_once() -> None:
    system = WTBI(VOCABULARY, hidden=8)
    system.begin(6, 10)
    with torch.no_grad():
        system.specific[0].match.bias.fill_(3.0)  # type: ignore[union-attr]
    system.begin(7, 10)
    assert system.specific[0].match.bias.item() == 3.0  # type: ignore[union-attr]


def test_wtbi_scores_each_shop_picture_by_its_categorys_network() -> None:
    system = WTBI(VOCABULARY, hidden=8)
    queries, gallery = torch.randn(2, 1280), torch.randn(3, 1280)
    categories = torch.tensor([1, 0, -1])
    before = system.scores(queries, gallery, categories)
    assert torch.allclose(before, system.general(queries, gallery))
    system.begin(9, 10)
    with torch.no_grad():
        system.specific[1].match.bias.add_(1.0)  # type: ignore[union-attr]
    after = system.scores(queries, gallery, categories)
    assert torch.allclose(after - before, torch.tensor([[1.0, 0.0, 0.0]] * 2), atol=1e-5)


def test_darn_branches_share_no_weight() -> None:
    system = DARN(VOCABULARY, width=16)
    street = {p.data_ptr() for p in system.street.parameters()}
    assert street.isdisjoint(p.data_ptr() for p in system.shop.parameters())
    with torch.no_grad():
        before = system.embed(random_batch().images, torch.zeros(11, dtype=torch.bool))
        for parameter in system.shop.parameters():
            parameter.zero_()
        after = system.embed(random_batch().images, torch.zeros(11, dtype=torch.bool))
    assert torch.equal(before, after), "a street photo goes through the street branch alone"


def test_darn_ranking_reaches_both_branches_and_attributes_only_their_own() -> None:
    torch.manual_seed(0)
    system, batch = DARN(VOCABULARY, width=16), random_batch()
    assert touched(system, system.losses(batch)["ranking"]) == {"street", "shop"}
    only_shop = Vocabulary((), (), {"sleeve": ("long", "short")})
    small = DARN(only_shop, width=16)
    labels = torch.where(batch.shop, batch.attributes["sleeve"], -1)
    hidden = batch.__class__(**{**vars(batch), "attributes": {"sleeve": labels}})
    assert touched(small, small.losses(hidden)["attributes"]) == {"shop"}


def test_darn_has_a_head_for_every_attribute_and_the_category() -> None:
    system = DARN(VOCABULARY, width=16)
    logits = system.street(random_batch().images)[1]
    assert {name: tuple(v.shape) for name, v in logits.items()} == {
        "category": (11, 2),
        "sleeve": (11, 2),
        "tone": (11, 2),
    }


def test_fashionnet_turns_between_pose_and_recognition() -> None:
    torch.manual_seed(0)
    system, batch = FashionNet(VOCABULARY, width=16, period=5).eval(), random_batch(64)
    terms = []
    for step in (0, 5, 10):
        system.begin(step, 100)
        terms.append({name: term.item() for name, term in system.losses(batch).items()})
    assert set(terms[0]) == {"category", "triplet", "attributes", "landmarks", "visibility"}
    assert terms[2] == terms[0]
    for name in terms[0]:
        main, help_ = (0, 1) if name in ("landmarks", "visibility") else (1, 0)
        assert terms[help_][name] == pytest.approx(HELP * terms[main][name], rel=1e-4)


def test_fashionnet_gradients_flow_as_in_the_paper() -> None:
    torch.manual_seed(0)
    system, batch = FashionNet(VOCABULARY, width=32), random_batch(64)
    # Zero bias would leave the places in the middle; visible, so that the local branch takes part.
    with torch.no_grad():
        system.visibility.bias.copy_(torch.tensor([0.0, 50.0] * 2))
    terms = system.losses(batch)
    posed = touched(system, terms["landmarks"])
    assert posed == {"trunk", "pose", "places"}
    terms = system.losses(batch)
    recognised = touched(system, terms["category"] + terms["triplet"] + terms["attributes"])
    assert {"trunk", "whole", "fc6_global", "fc6_local", "fc7_fusion", "category", "attributes"} <= recognised
    assert recognised.isdisjoint({"pose", "places", "visibility"}), "pooling steers no landmark"


def test_fashionnet_hidden_landmarks_feed_nothing() -> None:
    torch.manual_seed(0)
    system, batch = FashionNet(VOCABULARY, width=32), random_batch(64)
    with torch.no_grad():
        system.visibility.weight.zero_()
        system.visibility.bias.copy_(torch.tensor([50.0, 0.0] * 2))
    system.losses(batch)["triplet"].backward()
    weight = system.fc6_local.weight.grad
    assert weight is not None and not weight.any()


def test_fashionnet_without_landmarks_is_its_global_branch() -> None:
    system = FashionNet(Vocabulary(VOCABULARY.identities, VOCABULARY.categories), width=16)
    system.begin(0, 10)
    assert not hasattr(system, "pose")
    terms = system.losses(random_batch())
    assert set(terms) == {"category", "triplet"}
    assert system.embed(random_batch().images, random_batch().shop).shape == (11, 16)


@pytest.mark.parametrize("kind", [WTBI, DARN, FashionNet, Frozen, Unified])
def test_every_system_speaks_the_protocol(kind: type[System]) -> None:
    torch.manual_seed(0)
    system, batch = kind(VOCABULARY).eval(), random_batch()
    with torch.no_grad():
        vectors = system.embed(batch.images, batch.shop)
        logits = system.category_logits(batch.images)
        scores = system.scores(vectors[~batch.shop], vectors[batch.shop], batch.categories[batch.shop])
    assert torch.allclose(vectors.norm(dim=1), torch.ones(11), atol=1e-5)
    assert scores.shape == (8, 3)
    assert logits is None or logits.shape == (11, 2)
    losses = system.losses(batch)
    assert all(term.isfinite() for term in losses.values())
    assert bool(losses) == (kind is not Frozen)
    assert system.source
    groups = system.parameter_groups(1.0)
    assert {group["lr"] for group in groups} == {
        WTBI: {4.0}, DARN: {1.0, 4.0}, FashionNet: {1.0, 4.0}, Frozen: set(), Unified: {1.0, 4.0}
    }[kind]  # fmt: skip


def test_unknown_everything_gives_no_loss_and_no_nan() -> None:
    batch = random_batch()
    blank = torch.full((11,), -1)
    nothing = batch.__class__(
        batch.images,
        batch.shop,
        blank,
        blank,
        {"sleeve": blank, "tone": blank},
        batch.landmarks,
        torch.full((11, 2), -1),
    )
    for kind in (WTBI, DARN, FashionNet, Unified):
        terms = kind(VOCABULARY).losses(nothing)
        assert sum(term.item() for term in terms.values()) == 0, kind.name
