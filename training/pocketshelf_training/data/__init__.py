"""Data sets behind one protocol: `pocketshelf_training.data.protocol`."""
