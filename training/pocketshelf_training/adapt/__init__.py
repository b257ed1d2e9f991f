"""A shop's own catalogue → a bundle adapted to it, shipped only if it finds more of what was held back."""
