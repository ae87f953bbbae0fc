#!/usr/bin/python3
"""python3 tests/golden/features.py > tests/golden/features.csv
What scikit-image makes of the images that tests/worker/test_features.c makes too: every fifth number of hog()."""
import numpy as np
from skimage.feature import hog

CHANNELS = [1, 3]
HOGS = [(24, 9, 8, 2, "L2-Hys"), (29, 6, 5, 3, "L2-Hys"), (24, 8, 6, 1, "L2"), (24, 9, 8, 2, "L1"), (24, 9, 8, 2, "L1-sqrt")]


def image(size, channels):
    """A gray-level blob on black, with structure in every channel: in eighths of 1/255, so that floats are exact."""
    y, x, c = np.mgrid[:size, :size, :channels]
    inside = (x - size / 2) ** 2 + 2 * (y - size / 2.5) ** 2 + 3 * x < (size / 1.8) ** 2
    return (inside * ((x * 37 + y * 59 + c * 71 + x * y * (3 + c)) % 251 + 1) / 256).astype(np.float32)


def rows():
    for size, orientations, cell, block, norm in HOGS:
        for channels in CHANNELS:
            a = image(size, channels).astype(np.float64)
            h = hog(a, orientations, (cell, cell), (block, block), norm, channel_axis=-1)
            yield from ((f"hog {size} {channels} {orientations} {cell} {block} {norm.lower()}", k, v) for k, v in enumerate(h) if k % 5 == 0)


print("case,number,value")
for case, number, value in rows():
    print(f"{case},{number},{value:.9g}")
