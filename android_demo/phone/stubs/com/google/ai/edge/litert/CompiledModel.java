package com.google.ai.edge.litert;

import java.util.List;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class CompiledModel extends JniHandle {
    private CompiledModel() {}

    public static CompiledModel create(String filePath, Options options, Environment environment) {
        throw new UnsupportedOperationException("stub");
    }

    public List<TensorBuffer> createInputBuffers() {
        throw new UnsupportedOperationException("stub");
    }

    public List<TensorBuffer> createOutputBuffers() {
        throw new UnsupportedOperationException("stub");
    }

    public void run(List<TensorBuffer> inputs, List<TensorBuffer> outputs) {
        throw new UnsupportedOperationException("stub");
    }

    public static final class Options {
        public Options(Accelerator... accelerators) {}
    }
}
