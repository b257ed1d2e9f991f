"""Figures: recall, average precision, intervals."""
