"""What goes with what: a garment of a photo, and the products of a store that would be worn with it.

Two sources of advice, fused: a small head on the embedding that learnt which garments are worn together
(`head`), and a library of looks, in which people wear something like it (`looks`).
"""

from pocketshelf.outfit.head import DOMAINS, OutfitHead, load_head, save_head
from pocketshelf.outfit.looks import Looks
from pocketshelf.outfit.outfitter import Outfitter
from pocketshelf.outfit.result import Look, OutfitHit, OutfitResult, Partners, ProductOutfit
from pocketshelf.outfit.roles import ROLES, role_of

__all__ = [
    "DOMAINS",
    "ROLES",
    "Look",
    "Looks",
    "OutfitHead",
    "OutfitHit",
    "OutfitResult",
    "Outfitter",
    "Partners",
    "ProductOutfit",
    "load_head",
    "role_of",
    "save_head",
]
