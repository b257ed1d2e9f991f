"""The parts of the TFLite target: quantization, editing of the file, metadata."""
