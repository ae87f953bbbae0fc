#!/usr/bin/python3
"""python3 tests/golden/features.py > tests/golden/features.csv
What scikit-image makes of the images that tests/worker/test_features.c makes too: every fifth number of hog(), and all of features
shape: regionprops(), its texture from graycomatrix() (by graycoprops() where that has it), granularity from erosion() and
reconstruction(), the rest by numpy and scipy."""
import numpy as np
from scipy import stats
from skimage.feature import graycomatrix, graycoprops, hog
from skimage.filters import threshold_otsu
from skimage.measure import regionprops
from skimage.morphology import disk, erosion, reconstruction

CHANNELS = [1, 3]
HOGS = [(24, 9, 8, 2, "L2-Hys"), (29, 6, 5, 3, "L2-Hys"), (24, 8, 6, 1, "L2"), (24, 9, 8, 2, "L1"), (24, 9, 8, 2, "L1-sqrt")]

SHAPES = [(24, 1, "masked", 32, 1, 8), (29, 3, "masked", 16, 1, 3), (31, 1, "otsu", 8, 3, 2), (20, 3, "otsu", 32, 1, 0), (24, 1, "all", 256, 1, 2)]


def image(size, channels):
    """A gray-level blob on black, with structure in every channel: in eighths of 1/255, so that floats are exact."""
    y, x, c = np.mgrid[:size, :size, :channels]
    inside = (x - size / 2) ** 2 + 2 * (y - size / 2.5) ** 2 + 3 * x < (size / 1.8) ** 2
    return (inside * ((x * 37 + y * 59 + c * 71 + x * y * (3 + c)) % 251 + 1) / 256).astype(np.float32)


def find(a, how):
    gray = a.mean(-1)
    return gray > threshold_otsu(gray) if how == "otsu" else np.ones(gray.shape, bool) if how == "all" else (a != 0).any(-1)


def geometry(inside):
    r = regionprops(inside.astype(int))[0]
    return [r.area, r.perimeter, 4 * np.pi * r.area / r.perimeter**2, r.eccentricity, r.solidity, r.extent, r.axis_major_length,
            r.axis_minor_length, r.equivalent_diameter_area]


def intensity(v):
    return [v.mean(), v.std(), stats.skew(v), stats.kurtosis(v), *np.percentile(v, [0, 25, 50, 75, 100]), v.sum()]


def entropy(p):
    p = p[p > 0]
    return -(p * np.log2(p)).sum()


def haralick(p):
    n = len(p)
    i, j = np.indices(p.shape)
    own, k = p.sum(0), np.arange(2 * n - 1)
    plus, minus = np.bincount((i + j).ravel(), p.ravel(), 2 * n - 1), np.bincount(abs(i - j).ravel(), p.ravel(), n)
    variance = lambda q: ((np.arange(len(q)) - np.arange(len(q)) @ q) ** 2) @ q
    prop = lambda name: graycoprops(p[:, :, None, None], name)[0, 0]
    alone = np.outer(own, own)
    h1, h2 = -(p[alone > 0] * np.log2(alone[alone > 0])).sum(), entropy(alone)
    return [prop("ASM"), prop("contrast"), prop("correlation"), variance(own), prop("homogeneity"), k @ plus, variance(plus), entropy(plus),
            entropy(p), variance(minus), entropy(minus), (entropy(p) - h1) / entropy(own), np.sqrt(max(0, 1 - np.exp(-2 * (h2 - entropy(p)))))]


def texture(plane, inside, levels, distance):
    """Level 0 stands for what is not of the object, and its row and column go; diagonals are `distance` rows and columns long."""
    level = np.where(inside, np.minimum(np.floor(plane * levels), levels - 1).astype(int) + 1, 0)
    both = []
    for angle in range(4):
        d = distance if angle % 2 == 0 else distance * np.sqrt(2)
        p = graycomatrix(level.astype(np.uint16), [d], [angle * np.pi / 4], levels + 1, symmetric=True)[1:, 1:, 0, 0].astype(float)
        both.append(haralick(p / p.sum()))
    return np.mean(both, 0)


def granularity(plane, inside, n):
    start = before = plane[inside].mean()
    eroded, out = plane, []
    for _ in range(n):
        eroded = erosion(eroded, disk(1))
        now = reconstruction(eroded, plane, footprint=disk(1))[inside].mean()
        out.append(100 * (before - now) / start)
        before = now
    return out


def shape(a, how, levels, distance, n):
    inside = find(a, how)
    out = geometry(inside)
    for c in range(a.shape[2]):
        plane = a[:, :, c] * inside
        out = [*out, *intensity(plane[inside]), *texture(plane, inside, levels, distance), *granularity(plane, inside, n)]
    return out


def rows():
    for size, orientations, cell, block, norm in HOGS:
        for channels in CHANNELS:
            a = image(size, channels).astype(np.float64)
            h = hog(a, orientations, (cell, cell), (block, block), norm, channel_axis=-1)
            yield from ((f"hog {size} {channels} {orientations} {cell} {block} {norm.lower()}", k, v) for k, v in enumerate(h) if k % 5 == 0)

    for size, channels, how, levels, distance, n in SHAPES:
        numbers = shape(image(size, channels).astype(np.float64), how, levels, distance, n)
        yield from ((f"shape {size} {channels} {how} {levels} {distance} {n}", k, v) for k, v in enumerate(numbers))


print("case,number,value")
for case, number, value in rows():
    print(f"{case},{number},{value:.9g}")
