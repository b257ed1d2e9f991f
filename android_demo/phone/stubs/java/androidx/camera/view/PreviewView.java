package androidx.camera.view;

import android.content.Context;
import android.widget.FrameLayout;
import androidx.camera.core.Preview;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public final class PreviewView extends FrameLayout {
    public PreviewView(Context context) {
        super(context);
    }

    public Preview.SurfaceProvider getSurfaceProvider() {
        throw new UnsupportedOperationException("stub");
    }

    public void setScaleType(ScaleType type) {
        throw new UnsupportedOperationException("stub");
    }

    public enum ScaleType {
        FILL_START,
        FILL_CENTER,
        FILL_END,
        FIT_START,
        FIT_CENTER,
        FIT_END
    }
}
