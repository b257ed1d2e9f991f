"""Photos of strangers, read and embedded in processes of their own, so that none of them hurts the server."""

from pocketshelf_server.photos.limits import Limits
from pocketshelf_server.photos.pool import PhotoPool
from pocketshelf_server.photos.protocol import Enrolled, PhotoEmbedder, PhotoLost, Photos, PhotosBusy

__all__ = ["Enrolled", "Limits", "PhotoEmbedder", "PhotoLost", "PhotoPool", "Photos", "PhotosBusy"]
