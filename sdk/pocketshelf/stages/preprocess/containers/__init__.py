"""What a picture's file says of itself, read without decoding it: the one gate in front of every decoder.

Each module reads one family of files, bounds what decoding it may cost, and hands on a copy that
holds the pixels alone, so that no decoder sees what it does not need: comments, thumbnails, profiles,
EXIF, further pages.
"""

from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.kinds import ALLOWED, read_container

__all__ = ["ALLOWED", "Container", "read_container"]
