package androidx.camera.core;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class CameraSelector {
    public static final CameraSelector DEFAULT_BACK_CAMERA = new CameraSelector();

    private CameraSelector() {}
}
