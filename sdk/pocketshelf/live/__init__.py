"""A camera's frames in, stable regions out: boxes keep their numbers, and answers while a thing stands still.

tracker    pure state: which box of this frame is which thing of the last
newest     a camera that is faster than the search: the newest frame wins
watch      both together, over a retriever
"""

from pocketshelf.live.newest import newest_frames
from pocketshelf.live.tracker import Track, Tracker
from pocketshelf.live.watch import LiveRegion, LiveView, Watch

__all__ = ["LiveRegion", "LiveView", "Track", "Tracker", "Watch", "newest_frames"]
