"""How much is asked of the site: numbers by hour and day, of nobody in particular."""
