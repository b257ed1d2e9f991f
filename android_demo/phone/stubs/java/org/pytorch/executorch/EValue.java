package org.pytorch.executorch;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public class EValue {
    public static EValue from(Tensor tensor) {
        throw new UnsupportedOperationException("stub");
    }

    public Tensor toTensor() {
        throw new UnsupportedOperationException("stub");
    }
}
