package com.google.ai.edge.litert;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class TensorBuffer extends JniHandle {
    TensorBuffer() {}

    public void writeInt8(byte[] data) {
        throw new UnsupportedOperationException("stub");
    }

    public float[] readFloat() {
        throw new UnsupportedOperationException("stub");
    }
}
