// Boxes that follow the picture: each frame's regions are matched with those before it, so that a box keeps its
// button (and its focus) and glides instead of jumping. Pure.
import { overlap } from "./state.js";

const SAME = 0.3; // Less shared than this is another thing.
const FOLLOW = 0.65; // The share of the new place; the rest calms the detector's trembling.
const MISSES = 2; // So many frames may lose a thing before its box goes.

let last = 0;

export function track(before, regions) {
  const pairs = matches(before, regions);
  const followed = pairs.map(([old, region]) => ({ ...region, id: old.id, box: glide(old.box, region.box), missed: 0 }));
  const seen = new Set(pairs.map(([old]) => old.id));
  const taken = new Set(pairs.map(([, region]) => region));
  const fresh = regions.filter((region) => !taken.has(region)).map((region) => ({ ...region, id: ++last, missed: 0 }));
  const lingering = before
    .filter((old) => !seen.has(old.id) && old.missed < MISSES)
    .map((old) => ({ ...old, missed: old.missed + 1 }));
  return [...followed, ...fresh, ...lingering];
}

// Greedy by shared area, each box once: with a handful of boxes that is as good as the best assignment.
function matches(before, regions) {
  const candidates = before.flatMap((old) => regions.map((region) => [old, region, likeness(old, region)]));
  const used = new Set();
  return candidates
    .filter(([, , share]) => share >= SAME)
    .sort((one, other) => other[2] - one[2])
    .filter(([old, region]) => !used.has(old) && !used.has(region) && used.add(old).add(region));
}

const likeness = (old, region) => overlap(old.box, region.box) + (old.group === region.group ? 0.1 : 0);

const glide = (from, to) => to.map((value, at) => from[at] + FOLLOW * (value - from[at]));

// Boxes of a frame as shares of it, mirrored where the picture is.
export function shares([x, y, wide, high], { width, height }, mirrored = false) {
  const left = mirrored ? width - x - wide : x;
  return { x: left / width, y: y / height, w: wide / width, h: high / height };
}
