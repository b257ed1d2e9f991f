"""Which products' local features are kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from pocketshelf.closely.features import is_available
from pocketshelf.errors import RuntimeUnavailable
from pocketshelf.formats import Bundle, load_bundle
from pocketshelf.stages.outfit import Shelves

__all__ = ["CLOSELY_UP_TO", "GOODS", "FeaturesWanted"]

# A larger catalogue's local features are kept only if asked for: 6 kB a product.
CLOSELY_UP_TO = 20_000
# The detector's group of what is no garment.
GOODS = "goods"


@dataclass(frozen=True)
class FeaturesWanted:
    """What is asked for, and whose names say what a garment is.

    A print that is found on a garment is, more often than not, on the same garment in another colour, which
    geometry does not see (docs/closely.md). So garments keep features only if they are asked for.

    Attributes:
        asked: whether features are kept; None where OpenCV is installed and there are at most 20,000
            products, and of those that are no garments by their category's name.
        bundle: the models, or their folder; the default bundle if None. Read when a category is asked about.
    """

    asked: bool | None = None
    bundle: Bundle | str | None = None

    def choose(self, products: int) -> Callable[[str], bool]:
        """Whether a catalogue of so many ``products`` keeps the features of those in a category.

        Raises:
            RuntimeUnavailable: they are asked for, and OpenCV is not installed.
        """
        if self.asked and not is_available():
            raise RuntimeUnavailable("local features need OpenCV: pip install 'pocketshelf[closely]'")
        if self.asked is not None:
            return lambda category: bool(self.asked)
        if not is_available() or products > CLOSELY_UP_TO:
            return lambda category: False
        return self._is_no_garment

    def _is_no_garment(self, category: str) -> bool:
        owners = self._shelves.owners(category)
        return owners is None or GOODS in owners

    @functools.cached_property
    def _shelves(self) -> Shelves:
        bundle = self.bundle
        if not isinstance(bundle, Bundle):
            bundle = load_bundle(bundle, check_hashes=False)  # Who embeds with it checks them.
        return Shelves({} if bundle.detector is None else bundle.detector.categories)
