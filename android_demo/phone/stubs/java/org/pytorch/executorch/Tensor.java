package org.pytorch.executorch;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public abstract class Tensor {
    public static Tensor fromBlobUnsigned(byte[] data, long[] shape) {
        throw new UnsupportedOperationException("stub");
    }

    public long[] shape() {
        throw new UnsupportedOperationException("stub");
    }

    public float[] getDataAsFloatArray() {
        throw new UnsupportedOperationException("stub");
    }
}
