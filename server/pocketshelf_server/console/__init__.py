"""The site's console at ``/``: what is on the shelf, how fresh the devices are, and imports by who may.

access/      tokens, sessions, what a form must bring; the headers of every page
activity/    how much devices ask for: counted, never identified
shards/      generations, and what changed between two
jobs/        imports and publications, one at a time, each in a process of its own
views/       the pages, one file a subject; templates/ is what they look like
"""

from pocketshelf_server.console.room import Console

__all__ = ["Console"]
