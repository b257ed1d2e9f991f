package androidx.camera.core;

import java.nio.ByteBuffer;

/** Stub: the documented signatures that phone/ uses, with no behaviour. See stubs/README.md. */
public interface ImageProxy extends AutoCloseable {
    @Override
    void close();

    int getWidth();

    int getHeight();

    PlaneProxy[] getPlanes();

    ImageInfo getImageInfo();

    interface PlaneProxy {
        int getRowStride();

        int getPixelStride();

        ByteBuffer getBuffer();
    }
}
