"""The stages that a photo passes, side by side: preprocess, detect, embed, route, search, rerank."""
