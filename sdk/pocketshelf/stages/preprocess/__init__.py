"""The one place where photos are decoded, cropped and resized: the SDK and the training share it."""

from pocketshelf.stages.preprocess.decode import WHOLE, decode_photo
from pocketshelf.stages.preprocess.photo import Photo
from pocketshelf.stages.preprocess.resize import crop_box, network_input, resize_crop
from pocketshelf.stages.preprocess.source import PhotoSource, read_photo, several

__all__ = [
    "WHOLE",
    "Photo",
    "PhotoSource",
    "crop_box",
    "decode_photo",
    "network_input",
    "read_photo",
    "resize_crop",
    "several",
]
