package androidx.camera.core.resolutionselector;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class ResolutionSelector {
    private ResolutionSelector() {}

    public static final class Builder {
        public Builder setAspectRatioStrategy(AspectRatioStrategy strategy) {
            throw new UnsupportedOperationException("stub");
        }

        public ResolutionSelector build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
