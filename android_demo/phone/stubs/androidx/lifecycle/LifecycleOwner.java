package androidx.lifecycle;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public interface LifecycleOwner {
    Lifecycle getLifecycle();
}
