"""Photos are read in a process of its own: one that hangs or dies costs one answer, and is replaced."""

from pocketshelf.kiosk.worker.engine import Busy, Engine, Refused, Stuck, Waits
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.kiosk.worker.messages import Answer, Order
from pocketshelf.kiosk.worker.process import WorkerSpec, WorkerUnfit

__all__ = [
    "Answer",
    "Busy",
    "Engine",
    "NotFound",
    "Order",
    "Refused",
    "Stuck",
    "Waits",
    "WorkerSpec",
    "WorkerUnfit",
]
