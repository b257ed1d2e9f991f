"""Memory of photos, kept from one to the next.

glibc hands freed blocks of megabytes back to the system, and each photo fetches its own anew, page by page:
4,000 faults, a quarter of a search. It stops by itself once a larger block has been freed, up to 32 MB
(`mallopt(3)`, M_MMAP_THRESHOLD), as after a photo of 48 megapixels. So one is, unused, before the first.
"""

from __future__ import annotations

import functools

__all__ = ["keep_freed_memory"]

_BLOCK_BYTES = 31 << 20


@functools.cache
def keep_freed_memory() -> None:
    """Let the process keep up to twice 31 MB of freed memory, unless its owner has set another limit.

    Nothing where the allocator is another one: the block's pages are never touched.
    """
    bytes(_BLOCK_BYTES)
