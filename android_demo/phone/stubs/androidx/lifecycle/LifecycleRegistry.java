package androidx.lifecycle;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public class LifecycleRegistry extends Lifecycle {
    public LifecycleRegistry(LifecycleOwner provider) {}

    public void setCurrentState(State state) {
        throw new UnsupportedOperationException("stub");
    }
}
