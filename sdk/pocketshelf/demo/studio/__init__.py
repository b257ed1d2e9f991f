"""A studio that draws garments, as a shop's pictures and as street photos, with all that is known of them.

Everything it makes is synthetic and must be labelled so. A garment's cut is data (`wardrobe`); an identity is
a cut with its colours, pattern, sleeve, neckline and length; the same seed gives the same pictures.
"""

from pocketshelf.demo.studio.cut import Cut
from pocketshelf.demo.studio.identity import Attributes, Identity, draw_identities
from pocketshelf.demo.studio.picture import Picture
from pocketshelf.demo.studio.sample import Sample, draw_sample
from pocketshelf.demo.studio.shop import shop_picture
from pocketshelf.demo.studio.street import street_picture
from pocketshelf.demo.studio.wardrobe import CUTS

__all__ = [
    "CUTS",
    "Attributes",
    "Cut",
    "Identity",
    "Picture",
    "Sample",
    "draw_identities",
    "draw_sample",
    "shop_picture",
    "street_picture",
]
