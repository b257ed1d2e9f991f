"""What a model says of photos: the input of every figure."""
