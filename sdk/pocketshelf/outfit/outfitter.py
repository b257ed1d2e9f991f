"""From a garment in a photo to the products of a store that go with it.

For each partner's role: candidates are the products nearest to what the head looks for, and those nearest to
what was worn in the looks, for the same person and weather as far as the catalogue says
(`pocketshelf.outfit.audience`, `pocketshelf.outfit.weather`); then all of them are scored by both, fused, and
taken one by one, each unlike those before it (maximal marginal relevance, Carbonell and Goldstein, SIGIR
1998).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder, PhotoSource, timed
from pocketshelf.errors import BundleError, PhotoError, UsageError
from pocketshelf.formats.product import Product
from pocketshelf.outfit.audience import AGE, Audience, audience_of
from pocketshelf.outfit.head import OutfitHead, load_head
from pocketshelf.outfit.looks import KIND, Advice, Advisor, Looks
from pocketshelf.outfit.result import Look, OutfitHit, OutfitResult, Partners, ProductOutfit
from pocketshelf.outfit.roles import PARTNERS, ROLES, role_of, role_of_category, roles_of_categories
from pocketshelf.outfit.weather import ANY, LAYERS, STATED, Weather, weather_in_photo, weather_of
from pocketshelf.shelf import shelves_of
from pocketshelf.stages.colours import first_palettes, histograms
from pocketshelf.stages.outfit import Shelves
from pocketshelf.stages.preprocess import Photo
from pocketshelf.stages.search import EXACT_LIMIT, StoreSearcher
from pocketshelf.stages.where import Where, parse_where
from pocketshelf.store import Store
from pocketshelf.types import Hit, Timings

__all__ = ["MAX_PARTNERS", "Outfitter", "fused", "unlike"]

MAX_PARTNERS = 50
# Candidates of a role: so many by the head, whose search knows no colours: they choose among these,
# and so many for each of the nearest looks.
BY_HEAD, BY_LOOK, LOOKS_ASKED = 120, 8, 6
# Where these are for others, so many more by the head, before it is taken that the store has no more.
DEEPER = 8
# Looks that are named with a product.
SHOWN = 3
# What the cosine to a product that is taken already costs, in standard deviations.
SAMENESS = 1.0


@dataclass(frozen=True)
class _Asked:
    """The garment: its role, and its place in the head's space (P,); whom and what it is for, what is wished.

    Attributes:
        audience: None: anybody.
        weather: in which it is worn.
        layered: the same for what is worn over it or beneath.
    """

    role: str
    projected: np.ndarray
    audience: Audience | None
    weather: Weather
    layered: Weather
    where: Where

    def suits(self, product: Product) -> bool:
        """Whether one person would wear both, whatever the weather."""
        if self.audience is None:
            return True
        return self.audience.shares(audience_of(product.attributes, product.category, product.title))

    def goes(self, product: Product, role: str) -> bool:
        """Whether one person would wear both in one weather, the product in a ``role``."""
        own = self.layered if role in LAYERS else self.weather
        return (own == ANY or not own.isdisjoint(_weather(product))) and self.suits(product)


class Outfitter:
    """Answers for one store; safe to share between threads.

    Args:
        encoder: decodes, detects and embeds; its bundle brings the head.
        looks: the library; without it the head alone advises.
        head: instead of the bundle's.
        shelves: which categories of the store are of which group, where that is known already.

    Attributes:
        store, looks: as given.

    Raises:
        BundleError: the bundle brings no head, or one that cannot be read.
        SpaceMismatch: the store is of another space than the bundle.
        UsageError: no category of the store is a garment's.
    """

    def __init__(
        self,
        encoder: Encoder,
        store: Store,
        looks: Looks | None = None,
        head: OutfitHead | None = None,
        shelves: Shelves | None = None,
    ) -> None:
        store.require_space(encoder.bundle)
        self._encoder = encoder
        self.looks = looks
        self._head = head or _head_of(encoder)
        self._advisor = None if looks is None else Advisor(looks, self._head)
        self.store = store
        self._searcher = StoreSearcher(store, EXACT_LIMIT)
        categories = {name: n for name, n in store.categories().items() if not name.startswith(f"{KIND}/")}
        self._shelves = shelves or shelves_of(store, encoder.shelves, encoder.bundle.group_head)
        self._categories = roles_of_categories(categories, self._shelves)
        if not self._categories:
            raise UsageError(
                f"{store.folder.path}: no category of this store is known as a garment's; "
                "roles follow from the names of categories, such as Shirt, Pants, Skirt, Shoes or Bag, "
                "or from what their products look like"
            )

    def outfit(
        self,
        photo: PhotoSource,
        top_k: int = 5,
        garment: str | None = None,
        partners: Sequence[str] | None = None,
        where: Where | None = None,
        name: str | None = None,
    ) -> OutfitResult:
        """What goes with a garment of ``photo``.

        A photo does not say how old who wears it is: products that are stated to be for children are left out
        where the store has others of the role, unless ``where`` names an ``age_group``. What is worn in it
        tells the weather: sandals are left out beside a jacket, unless ``where`` names a season or climate.

        Args:
            top_k: products a role, 1 to `MAX_PARTNERS`.
            garment: role of the garment that is asked about; the photo's most prominent one if None.
            partners: roles that are wanted; all that go with the garment and the store has if None.
            where: only products of which the catalogue states this, as `Retriever.search` takes it.
            name: what the result calls the photo; its path by default.

        Raises:
            PhotoError: the photo cannot be read, or shows no (such) garment.
            UsageError: an unknown role.
            StoreError: the store is damaged.
            ValueError: ``top_k`` is out of range.
        """
        _check_wishes(top_k, [*([garment] if garment else []), *(partners or ())])
        ms = Timings()
        shown = name or (str(photo) if isinstance(photo, str) or hasattr(photo, "__fspath__") else "photo")
        with timed(ms, "total"):
            encoded = self._encoder.encode(photo, ms=ms)
            region, role = self._chosen(encoded.regions, garment, shown)
            started = time.perf_counter()
            where = parse_where(where)
            audience = None if AGE in where else Audience()
            groups = [each.detection.group for each in encoded.regions]
            weather = weather_in_photo(groups), weather_in_photo(set(groups) - set(LAYERS))
            projected = self._placed(self._vector(encoded.photo, region), "street", region.colours)
            asked = _Asked(role, projected, audience, *_unless_wished(weather, where), where)
            found = [self._partners(asked, other, top_k) for other in self._wanted(role, partners)]
            spent = 1000 * (time.perf_counter() - started)
        return OutfitResult(
            photo=shown,
            width=encoded.photo.width,
            height=encoded.photo.height,
            region=region.to_region(),
            role=role,
            partners=tuple(found),
            looks=self._looks_asked,
            ms=ms,
            outfit_ms=spent,
            store=self.store.info,
        )

    def for_product(
        self,
        product_id: str,
        top_k: int = 5,
        partners: Sequence[str] | None = None,
        where: Where | None = None,
    ) -> ProductOutfit:
        """What goes with a product of the store, by its vector and palette there: no photo is read.

        Partners are for the same ages, genders and weather as far as the catalogue states them, see
        `audience_of` and `weather_of`.

        Args:
            top_k, partners, where: as `outfit` takes them.

        Raises:
            UsageError: the store has no such product, or an unknown role.
            StoreError: the store is damaged.
            ValueError: ``top_k`` is out of range.
        """
        _check_wishes(top_k, partners or ())
        started = time.perf_counter()
        product = self.store.product(product_id)
        if product is None:
            raise UsageError(f"{self.store.folder.path}: no product {product_id!r}")
        role = role_of_category(product.category, self._shelves)
        found: tuple[Partners, ...] = ()
        if role is not None:
            colours = histograms(first_palettes([product.attributes]))
            projected = self._placed(product.vectors[0].astype(np.float32), "shop", colours)
            audience = audience_of(product.attributes, product.category, product.title)
            weather = _weather(product), ANY if role in LAYERS else _weather(product)
            where = parse_where(where)
            asked = _Asked(role, projected, audience, *_unless_wished(weather, where), where)
            found = tuple(self._partners(asked, other, top_k) for other in self._wanted(role, partners))
        spent = 1000 * (time.perf_counter() - started)
        return ProductOutfit(product_id, role, found, self._looks_asked, spent)

    @property
    def _looks_asked(self) -> int:
        return 0 if self._advisor is None else len(self._advisor)

    def _chosen(
        self, regions: Sequence[EncodedRegion], garment: str | None, name: str
    ) -> tuple[EncodedRegion, str]:
        roles = [self._role(region) for region in regions]
        for region, role in zip(regions, roles, strict=True):
            if role is not None and garment in (None, role):
                return region, role
        seen = ", ".join(dict.fromkeys(role for role in roles if role)) or "none"
        raise PhotoError(f"{name}: no {garment or 'garment'} found in it (garments found: {seen})")

    def _role(self, region: EncodedRegion) -> str | None:
        """By the box's group; of the frame, by its likeliest category."""
        if region.detection.group in self._encoder.shelves.names:
            return role_of(region.detection.group)
        likeliest = max(region.embedding.categories.items(), key=lambda item: item[1])[0]
        return role_of_category(likeliest, self._encoder.shelves)

    def _vector(self, photo: Photo, region: EncodedRegion) -> np.ndarray:
        """Of the box alone: a search's query may hold some of the frame, and so of what is worn with it."""
        return self._encoder.embed(photo, region.detection.box)

    def _placed(self, vector: np.ndarray, domain: str, colours: np.ndarray | None) -> np.ndarray:
        """By the first of ``colours``: of a garment as the photo came, of a product's first picture."""
        return self._head.project(vector[None], domain, None if colours is None else colours[:1])[0]

    def _wanted(self, role: str, partners: Sequence[str] | None) -> list[str]:
        if partners:
            return [other for other in ROLES if other in partners and other != role]
        return [other for other in PARTNERS[role] if other in self._categories]

    def _partners(self, asked: _Asked, other: str, top_k: int) -> Partners:
        advice = self._advice(asked, other)
        products = self._candidates(asked, other, advice)
        if not products:  # The store has none of this role.
            return Partners(other, ())
        vectors = _unit(np.stack([p.vectors[0] for p in products]).astype(np.float32))
        colours = histograms(first_palettes(p.attributes for p in products))
        projected = self._head.project(vectors, "shop", colours)
        own = self._head.compatibility(asked.role, asked.projected, other, projected)
        votes = None if advice is None else advice.votes(projected)
        scores = fused(own, None if votes is None else votes.sum(1), self._head.looks_weight)
        hits = [
            OutfitHit(_hit(products[i], scores[i]), float(own[i]), _explained(advice, votes, projected[i], i))
            for i in unlike(scores, vectors, top_k)
        ]
        return Partners(other, tuple(hits))

    def _advice(self, asked: _Asked, other: str) -> Advice | None:
        return None if self._advisor is None else self._advisor.advice(asked.role, asked.projected, other)

    def _candidates(self, asked: _Asked, other: str, advice: Advice | None) -> list[Product]:
        """By the head and by the looks, each once, in the order of their ids."""
        towards = self._head.direction(asked.role, asked.projected, other)
        found = self._nearest(towards, asked, other, BY_HEAD)
        for partner in () if advice is None else advice.partners[:LOOKS_ASKED]:
            found += self._nearest(partner, asked, other, BY_LOOK)
        known = self.store.products(list(dict.fromkeys(found)))  # Each read once, though several ask for it.
        goes = functools.partial(asked.goes, role=other)
        going = _those(known, goes)
        if len(going) < len(known):
            deeper = self._nearest(towards, asked, other, DEEPER * BY_HEAD)
            going |= self._first(deeper, known, goes)
        # A store that has this role for another weather alone, or for others alone, is asked about these.
        products = going or _those(known, asked.suits) or known
        return [products[product_id] for product_id in sorted(products)]

    def _first(
        self, names: Sequence[str], known: dict[str, Product], wanted: Callable[[Product], bool]
    ) -> dict[str, Product]:
        """The first `BY_HEAD` of ``names`` that are wanted; those not ``known`` are read a few at a time."""
        found: dict[str, Product] = {}
        for start in range(0, len(names), BY_HEAD):
            part = names[start : start + BY_HEAD]
            more = known | self.store.products([name for name in part if name not in known])
            found |= _those({name: more[name] for name in part if name in more}, wanted)
            if len(found) >= BY_HEAD:
                break
        return dict(list(found.items())[:BY_HEAD])

    def _nearest(self, vector: np.ndarray, asked: _Asked, other: str, k: int) -> list[str]:
        """Ids of products of the role ``other`` that are as wished, nearest first."""
        categories = self._categories.get(other, [])
        if asked.where:
            matches = self._searcher.search_where(vector, categories, k, asked.where)
        else:
            matches = self._searcher.search(vector, categories, k)
        return [match.product_id for match in matches]


def _those(products: dict[str, Product], wanted: Callable[[Product], bool]) -> dict[str, Product]:
    return {name: product for name, product in products.items() if wanted(product)}


def _weather(product: Product) -> Weather:
    return weather_of(product.attributes, product.category, product.title)


def _unless_wished(weather: tuple[Weather, Weather], where: Where) -> tuple[Weather, Weather]:
    """Any, where a season or a climate is wished for."""
    return (ANY, ANY) if any(name in where for name in STATED) else weather


def _check_wishes(top_k: int, roles: Sequence[str]) -> None:
    if not 1 <= top_k <= MAX_PARTNERS:
        raise ValueError(f"top_k must lie in 1 to {MAX_PARTNERS}")
    for role in roles:
        if role not in ROLES:
            raise UsageError(f"unknown role {role!r}; there are {', '.join(ROLES)}")


def _head_of(encoder: Encoder) -> OutfitHead:
    path = encoder.bundle.outfit_path
    if path is None:
        raise BundleError(
            f"{encoder.bundle.folder}: this bundle has no outfit head; "
            "pocketshelf-train train outfits makes one"
        )
    head = load_head(path)
    if head.dimension != encoder.bundle.embedder.dimension:
        raise BundleError(f"{path}: its head is for embeddings of {head.dimension} numbers")
    return head


def fused(own: np.ndarray, looks: np.ndarray | None, weight: float) -> np.ndarray:
    """The head's scores (n,) and the looks' (n,), these in standard deviations among the candidates."""
    if looks is None or len(looks) < 2:
        return own
    spread = max(float(looks.std()), 1e-6)
    return own + weight * (looks - looks.mean()) / spread


def unlike(scores: np.ndarray, vectors: np.ndarray, k: int, sameness: float = SAMENESS) -> list[int]:
    """Greedily the best ``k`` of scores (n,), each losing ``sameness`` · its cosine to the likest taken.

    Args:
        vectors: float32 (n, D) of length 1.
    """
    taken: list[int] = []
    nearest = np.zeros(len(scores), np.float32)
    left = scores.astype(np.float64).copy()
    while len(taken) < min(k, len(scores)):
        best = int(np.argmax(left - sameness * nearest))
        taken.append(best)
        left[best] = -np.inf
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return taken


def _explained(
    advice: Advice | None, votes: np.ndarray | None, candidate: np.ndarray, row: int
) -> tuple[Look, ...]:
    """The looks that speak most for the ``candidate`` (P,), which the votes have in ``row``."""
    if advice is None or votes is None:
        return ()
    best = np.argsort(-votes[row], kind="stable")[:SHOWN]
    cosines = advice.head.likeness(advice.projected[best], candidate[None])[:, 0]
    return tuple(
        Look(advice.looks[i], advice.images[i], float(advice.nearness[i]), float(cosine))
        for i, cosine in zip(best, cosines, strict=True)
    )


def _hit(product: Product, score: float) -> Hit:
    return Hit(
        product.product_id,
        float(score),
        product.title,
        product.category,
        image=product.image,
        attributes=product.attributes,
    )


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
