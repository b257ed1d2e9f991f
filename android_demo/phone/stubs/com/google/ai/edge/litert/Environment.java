package com.google.ai.edge.litert;

import java.util.Set;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class Environment extends JniHandle {
    private Environment() {}

    public static Environment create() {
        throw new UnsupportedOperationException("stub");
    }

    public static Environment create(NpuAcceleratorProvider provider) {
        throw new UnsupportedOperationException("stub");
    }

    public Set<Accelerator> getAvailableAccelerators() {
        throw new UnsupportedOperationException("stub");
    }
}
