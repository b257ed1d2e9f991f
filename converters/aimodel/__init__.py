"""The parts of the Core AI target: quantization, and running a file on this machine."""
