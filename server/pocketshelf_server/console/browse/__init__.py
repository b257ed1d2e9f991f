"""The catalogue as the pages show it: products with their pictures and what became of them."""
