"""Cut the cells of a Xenium bundle made by tests/support/make_bundle and compare with what `data pack` made of it.

    cut_cells.py BUNDLE PIXELS IDS SIZE --cells N [--outline nucleus] [--side UM] [--channels N]

Written from the description in the help of `data pack` alone; knows neither TIFF nor JPEG 2000: the image is truth.raw. PIXELS
is /images/pixels as `h5dump -b LE` dumps it, IDS has a line for each of /images/id. Needs numpy only; prints how many cells
are equal in every bit and how far the others are off; fails beyond 1e-6, and when ids are missing or too many.
"""
import argparse
import csv
import gzip
import json
import math
import os
import sys

import numpy as np


def outlines(path):
    cells = {}
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            cells.setdefault(row["cell_id"], []).append((float(row["vertex_x"]), float(row["vertex_y"])))
    return {cell: np.array(v[:-1] if v[0] == v[-1] else v) for cell, v in cells.items()}


def mask(vertices, width, height):
    """Even-odd, a pixel's centre at (i, j); edges count as inside."""
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    inside, on_edge = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(vertices, np.roll(vertices, 1, axis=0)):
        side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        crosses = ((ay <= y) != (by <= y)) & ((side > 0) if by > ay else (side < 0))
        inside ^= crosses
        on_edge |= (side == 0) & (np.minimum(ax, bx) <= x) & (x <= np.maximum(ax, bx)) & (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by))
    return inside | on_edge


def taps(n_out, n_in):
    at = np.maximum((np.arange(n_out) + 0.5) * n_in / n_out - 0.5, 0)
    low = at.astype(int)
    return low, np.minimum(low + 1, n_in - 1), at - low


def resize(image, size):
    y0, y1, wy = taps(size, image.shape[0])
    x0, x1, wx = taps(size, image.shape[1])
    wx, wy = wx[None, :, None], wy[:, None, None]
    image = image.astype(float)
    top = (1 - wx) * image[y0][:, x0] + wx * image[y0][:, x1]
    bottom = (1 - wx) * image[y1][:, x0] + wx * image[y1][:, x1]
    return ((1 - wy) * top + wy * bottom).astype(np.float32)


def cut(image, v, side):
    low, high = v.min(axis=0), v.max(axis=0)
    if side:
        first = np.floor((low + high - side + 1) / 2 + 0.5).astype(int)
        n = np.array([side, side])
    else:
        first = np.ceil(low).astype(int)
        n = np.floor(high).astype(int) - first + 1
    crop = np.zeros((n[1], n[0], image.shape[0]), np.float32)
    begin, end = np.maximum(first, 0), np.minimum(first + n, [image.shape[2], image.shape[1]])
    part = image[:, begin[1]:end[1], begin[0]:end[0]] / 65535.0
    (x, y), (w, h) = begin - first, end - begin
    crop[y:y + h, x:x + w] = np.moveaxis(part, 0, 2)
    crop[~mask(v - first, n[0], n[1])] = 0
    return crop


def main():
    parser = argparse.ArgumentParser()
    for name in ("bundle", "pixels", "ids"):
        parser.add_argument(name)
    parser.add_argument("size", type=int)
    parser.add_argument("--outline", default="cell")
    parser.add_argument("--side", type=float, default=0)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--cells", type=int, required=True, help="how many there must be")
    a = parser.parse_args()
    with open(os.path.join(a.bundle, "experiment.xenium")) as file:
        pixel_size = json.load(file)["pixel_size"]
    truth = np.fromfile(os.path.join(a.bundle, "truth.raw"), "<u2")
    side = int(math.sqrt(os.path.getsize(os.path.join(a.bundle, "truth.raw")) / 2 / a.channels))
    image = truth.reshape(a.channels, side, side)
    pixels = np.fromfile(a.pixels, "<f4").reshape(-1, a.size, a.size, a.channels)
    with open(a.ids) as file:
        ids = file.read().split()
    cells = outlines(os.path.join(a.bundle, a.outline + "_boundaries.csv.gz"))
    square = math.floor(a.side / pixel_size + 0.5)
    equal, worst = 0, 0.0
    for cell, got in zip(ids, pixels):
        wanted = resize(cut(image, cells[cell] / pixel_size, square), a.size)
        equal += np.array_equal(wanted, got)
        worst = max(worst, float(np.abs(wanted - got).max()))
    print(f"{len(ids)} cells, {equal} equal in every bit, the others at most {worst:.3g} off")
    sys.exit(0 if len(ids) == len(set(ids)) == a.cells and worst <= 1e-6 else 1)


main()
