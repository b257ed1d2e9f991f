package com.google.ai.edge.litert;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class LiteRtException extends Exception {
    public LiteRtException(int code, String message) {
        super(message);
    }
}
