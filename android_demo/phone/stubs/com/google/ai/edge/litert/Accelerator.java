package com.google.ai.edge.litert;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public enum Accelerator {
    NONE,
    CPU,
    GPU,
    NPU
}
