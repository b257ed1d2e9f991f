package com.google.ai.edge.litert;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public abstract class JniHandle implements AutoCloseable {
    @Override
    public final void close() {
        throw new UnsupportedOperationException("stub");
    }
}
