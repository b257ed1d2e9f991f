import numpy as np
import pytest

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.pools import Pool, left_out, without


def pool(*identities: str | None) -> Pool:
    count = len(identities)
    images = [np.full((2, 2, 3), i, np.uint8) for i in range(count)]
    samples = [Sample(f"{i}.jpg", "train", "street", identity=name) for i, name in enumerate(identities)]  # type: ignore[arg-type]
    return Pool(images, np.arange(count), np.arange(count) * 10, samples)


def test_products_left_out_are_a_share_and_the_same_for_a_seed() -> None:
    products = [str(i) for i in range(81)]
    chosen = left_out(products, 0, 0.25)
    assert len(chosen) == 20
    assert chosen == left_out(products, 0, 0.25)
    assert chosen != left_out(products, 1, 0.25)
    assert set(chosen) < set(products)


def test_no_picture_of_a_product_left_out_remains() -> None:
    pools = {"street": pool("a", "b", "a", None), "shop": pool("a", "b")}
    found = without(pools, ["a"])
    assert [s.identity for s in found["street"].samples] == ["b", None]
    assert [s.identity for s in found["shop"].samples] == ["b"]
    assert found["street"].categories.tolist() == [10, 30]


@pytest.mark.parametrize("chosen", [np.array([True, False, True]), np.array([0, 2])])
def test_a_part_of_a_pool_keeps_pictures_and_labels_together(chosen: np.ndarray) -> None:
    part = pool("a", "b", "c").only(chosen)
    assert [int(image[0, 0, 0]) for image in part.images] == [0, 2] == part.products.tolist()
    assert [s.identity for s in part.samples] == ["a", "c"]
