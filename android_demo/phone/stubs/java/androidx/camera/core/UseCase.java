package androidx.camera.core;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public abstract class UseCase {}
