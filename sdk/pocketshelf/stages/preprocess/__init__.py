"""The one place where photos are decoded, cropped and resized: the SDK and the training share it."""

from pocketshelf.stages.preprocess.decode import WHOLE, decode_photo
from pocketshelf.stages.preprocess.photo import Photo
from pocketshelf.stages.preprocess.resize import crop_box, network_input, resize_crop

__all__ = ["WHOLE", "Photo", "crop_box", "decode_photo", "network_input", "resize_crop"]
