package androidx.camera.core;

import androidx.camera.core.resolutionselector.ResolutionSelector;
import java.util.concurrent.Executor;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class ImageAnalysis extends UseCase {
    public static final int STRATEGY_KEEP_ONLY_LATEST = 0;
    public static final int OUTPUT_IMAGE_FORMAT_RGBA_8888 = 2;

    private ImageAnalysis() {}

    public void setAnalyzer(Executor executor, Analyzer analyzer) {
        throw new UnsupportedOperationException("stub");
    }

    public void clearAnalyzer() {
        throw new UnsupportedOperationException("stub");
    }

    public interface Analyzer {
        void analyze(ImageProxy image);
    }

    public static final class Builder {
        public Builder setResolutionSelector(ResolutionSelector selector) {
            throw new UnsupportedOperationException("stub");
        }

        public Builder setBackpressureStrategy(int strategy) {
            throw new UnsupportedOperationException("stub");
        }

        public Builder setOutputImageFormat(int format) {
            throw new UnsupportedOperationException("stub");
        }

        public ImageAnalysis build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
