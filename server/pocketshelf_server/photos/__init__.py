"""Photos of strangers, and the shop's own pictures, read in processes of their own: none hurts the server."""

from pocketshelf_server.photos.limits import Limits
from pocketshelf_server.photos.pictures import SIDES, Pictures
from pocketshelf_server.photos.pool import PhotoPool
from pocketshelf_server.photos.protocol import Enrolled, PhotoEmbedder, PhotoLost, Photos, PhotosBusy

__all__ = [
    "SIDES",
    "Enrolled",
    "Limits",
    "PhotoEmbedder",
    "PhotoLost",
    "PhotoPool",
    "Photos",
    "PhotosBusy",
    "Pictures",
]
