"""Reading what is inside model files of every target."""

from converters.inspection.picture import draw
from converters.inspection.report import Inspection, Layer, inspect_file, render

__all__ = ["Inspection", "Layer", "draw", "inspect_file", "render"]
