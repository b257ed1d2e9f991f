package org.pytorch.executorch;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public class Module {
    private Module() {}

    public static Module load(String modelPath) {
        throw new UnsupportedOperationException("stub");
    }

    public EValue[] forward(EValue... inputs) {
        throw new UnsupportedOperationException("stub");
    }

    public MethodMetadata getMethodMetadata(String name) {
        throw new UnsupportedOperationException("stub");
    }

    public void destroy() {
        throw new UnsupportedOperationException("stub");
    }
}
