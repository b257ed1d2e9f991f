"""What a site needs, in plain words: keys, expiries, missing or damaged files, disk, clock, devices."""

from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.examination import examine
from pocketshelf_server.doctor.finding import Finding

__all__ = ["Case", "Finding", "examine"]
