"""The forms of garments, their openings and lengths, as data."""
