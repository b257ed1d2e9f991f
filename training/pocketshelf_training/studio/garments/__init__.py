"""Single garments: which there are, how they are cut, of what cloth, how they are sewn."""
