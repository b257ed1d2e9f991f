package org.pocketshelf.demo

import org.pocketshelf.core.types.Box
import org.pocketshelf.demo.camera.Placing
import kotlin.test.Test
import kotlin.test.assertEquals

class PlacingTest {
    @Test
    fun aFillingPhotoIsCutAtItsSides() {
        // 640 x 480 over 480 x 960: twice as large, 800 of its 1280 pixels of width are cut.
        val placing = Placing(640, 480, 480, 960, fill = true)
        assertEquals(Box(-400.0, 0.0, 1280.0, 960.0), placing.inView(Box(0.0, 0.0, 640.0, 480.0)))
    }

    @Test
    fun aWholePhotoHasBands() {
        val placing = Placing(640, 480, 480, 960, fill = false)
        assertEquals(Box(0.0, 300.0, 480.0, 360.0), placing.inView(Box(0.0, 0.0, 640.0, 480.0)))
    }

    @Test
    fun aPointGoesThereAndBack() {
        val placing = Placing(640, 480, 1080, 2000, fill = true)
        val box = placing.inView(Box(100.0, 50.0, 1.0, 1.0))
        val (x, y) = placing.inPhoto(box.x.toFloat(), box.y.toFloat())
        assertEquals(100.0, x, 1e-3)
        assertEquals(50.0, y, 1e-3)
    }

    private val boxes = listOf(Box(0.0, 0.0, 400.0, 400.0), Box(100.0, 100.0, 50.0, 50.0), Box(500.0, 0.0, 20.0, 20.0))
    private val same = Placing(640, 480, 640, 480, fill = true)

    @Test
    fun theSmallestBoxUnderTheFingerIsMeant() = assertEquals(1, same.tapped(boxes, 120f, 120f, 24.0))

    @Test
    fun aLargeBoxIsTappedBesideTheSmallOne() = assertEquals(0, same.tapped(boxes, 300f, 300f, 24.0))

    @Test
    fun aNearMissCounts() = assertEquals(2, same.tapped(boxes, 530f, 30f, 24.0))

    @Test
    fun aFarOneDoesNot() = assertEquals(-1, same.tapped(boxes, 600f, 400f, 24.0))
}
