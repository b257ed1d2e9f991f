"""Losses: each a small file of functions on tensors, behind one protocol, found by name."""
