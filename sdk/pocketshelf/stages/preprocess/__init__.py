"""The one place where photos are decoded, cropped and resized: the SDK and the training share it."""

from pocketshelf.stages.preprocess.decode import Photo, decode_photo
from pocketshelf.stages.preprocess.resize import Preprocessing, crop_box, resize_crop

__all__ = ["Photo", "Preprocessing", "crop_box", "decode_photo", "resize_crop"]
