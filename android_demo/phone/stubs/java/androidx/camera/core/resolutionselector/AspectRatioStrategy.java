package androidx.camera.core.resolutionselector;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class AspectRatioStrategy {
    public static final AspectRatioStrategy RATIO_4_3_FALLBACK_AUTO_STRATEGY = new AspectRatioStrategy();

    private AspectRatioStrategy() {}
}
