"""Looking closely: flat prints (covers, cartons) found by local features and a homography.

An embedding says what a picture is like; a few hundred corners of a print say which print it is, and where
it lies in the photo. They find products that the embedding ranks far behind, and overrule it only on strong
evidence: `pocketshelf.closely.deciding`. Needs OpenCV (the extra ``closely``); without it nothing changes.
"""

from pocketshelf.closely.deciding import CONFIRMED, SURE, SURE_INLIERS, lifted, of_region, unclaimed
from pocketshelf.closely.features import Features, extract, is_available, opencv
from pocketshelf.closely.file import kept_of, quantized, tabled, write_features
from pocketshelf.closely.geometry import Sighting
from pocketshelf.closely.look import NEAREST, Closely
from pocketshelf.closely.wanted import CLOSELY_UP_TO, FeaturesWanted

__all__ = [
    "CLOSELY_UP_TO",
    "CONFIRMED",
    "NEAREST",
    "SURE",
    "SURE_INLIERS",
    "Closely",
    "Features",
    "FeaturesWanted",
    "Sighting",
    "extract",
    "is_available",
    "kept_of",
    "lifted",
    "of_region",
    "opencv",
    "quantized",
    "tabled",
    "unclaimed",
    "write_features",
]
