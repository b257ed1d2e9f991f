"""The parts of the ExecuTorch target: quantization and the delegates."""
