"""What a model predicts for photos: the input of every figure."""
