"""Measurements of a bundle through the project's own commands, with intervals."""
