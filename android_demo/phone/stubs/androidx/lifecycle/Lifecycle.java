package androidx.lifecycle;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public abstract class Lifecycle {
    public enum State {
        DESTROYED,
        INITIALIZED,
        CREATED,
        STARTED,
        RESUMED
    }
}
