"""The commands that write drawn pictures and composites into folders."""
