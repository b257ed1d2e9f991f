package org.pytorch.executorch;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public class MethodMetadata {
    public String[] getBackends() {
        throw new UnsupportedOperationException("stub");
    }
}
