"""Outfits: garments of real photos, a head that says what goes with what, the library of looks, figures."""
