// Stubs: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md.
package androidx.lifecycle

abstract class Lifecycle {
    enum class State { DESTROYED, INITIALIZED, CREATED, STARTED, RESUMED }
}

interface LifecycleOwner {
    val lifecycle: Lifecycle
}

@Suppress("UNUSED_PARAMETER")
open class LifecycleRegistry(provider: LifecycleOwner) : Lifecycle() {
    open var currentState: State
        get() = throw UnsupportedOperationException("stub")
        set(_) = throw UnsupportedOperationException("stub")
}
