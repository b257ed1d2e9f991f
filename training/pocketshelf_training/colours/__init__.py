"""What colours beside the embedding bring to a search: ``pocketshelf-train colours``, docs/colours.md."""
