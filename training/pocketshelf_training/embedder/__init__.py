"""Training the embedder: one vector, categories and attributes for a picture."""
