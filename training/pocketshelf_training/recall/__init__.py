"""Calibrate the estimate of local recall, and control the risk of answering locally when that is wrong."""
