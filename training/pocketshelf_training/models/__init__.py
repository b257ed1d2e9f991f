"""Network definitions and their checkpoints."""
