package com.google.ai.edge.litert;

import android.content.Context;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class BuiltinNpuAcceleratorProvider implements NpuAcceleratorProvider {
    public BuiltinNpuAcceleratorProvider(Context context) {}

    @Override
    public boolean isDeviceSupported() {
        throw new UnsupportedOperationException("stub");
    }

    @Override
    public boolean isLibraryReady() {
        throw new UnsupportedOperationException("stub");
    }
}
