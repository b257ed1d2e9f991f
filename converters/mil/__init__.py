"""Evaluating Core ML programs without Apple's runtime."""
