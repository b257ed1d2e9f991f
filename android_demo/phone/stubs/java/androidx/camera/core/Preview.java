package androidx.camera.core;

import androidx.camera.core.resolutionselector.ResolutionSelector;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class Preview extends UseCase {
    private Preview() {}

    public void setSurfaceProvider(SurfaceProvider provider) {
        throw new UnsupportedOperationException("stub");
    }

    public interface SurfaceProvider {}

    public static final class Builder {
        public Builder setResolutionSelector(ResolutionSelector selector) {
            throw new UnsupportedOperationException("stub");
        }

        public Preview build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
