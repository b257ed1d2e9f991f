"""Training and measuring the detector."""
