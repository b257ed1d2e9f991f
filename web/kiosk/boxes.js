// Boxes of a frame as shares of it, mirrored where the picture is. Pure.
export function shares([x, y, wide, high], { width, height }, mirrored = false) {
  const left = mirrored ? width - x - wide : x;
  return { x: left / width, y: y / height, w: wide / width, h: high / height };
}
