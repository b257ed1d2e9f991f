"""What a step of a training sees: pools of pictures, mixtures, plans, batches."""
