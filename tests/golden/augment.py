#!/usr/bin/python3
"""Golden values of test_augment: affine warps by scipy, composed the way Keras' ImageDataGenerator composes them.

    /usr/bin/python3 tests/golden/augment.py > tests/golden/augment.csv

First line: size and the size * size pixels of the image. Every other line: rotation (degrees), shift_y, shift_x (pixels),
shear (degrees), zoom_y, zoom_x, flip, then the warped pixels.
"""
import numpy as np
from scipy import ndimage

SIZE = 11


def warp(image, theta, ty, tx, shear, zy, zx, flip):
    t, s = np.deg2rad(theta), np.deg2rad(shear)
    m = np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]])
    m = m @ np.array([[1, 0, ty], [0, 1, tx], [0, 0, 1]])
    m = m @ np.array([[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]])
    m = m @ np.diag([zy, zx, 1])
    o = SIZE / 2 - 0.5
    m = np.array([[1, 0, o], [0, 1, o], [0, 0, 1]]) @ m @ np.array([[1, 0, -o], [0, 1, -o], [0, 0, 1]])
    out = ndimage.affine_transform(image, m[:2, :2], m[:2, 2], order=1, mode="nearest")
    return out[:, ::-1] if flip else out


rng = np.random.default_rng(1)
image = np.round(rng.random((SIZE, SIZE)), 6)
cases = [(0, 0, 0, 0, 1, 1, 0), (30, 0, 0, 0, 1, 1, 0), (0, 1.5, -2.25, 0, 1, 1, 0), (0, 0, 0, 20, 1, 1, 0),
         (0, 0, 0, 0, 0.8, 1.2, 0), (0, 0, 0, 0, 1, 1, 1), (0, 9, -14, 0, 1, 1, 0), (12, 1, -2, 15, 0.9, 1.1, 1)]
for _ in range(8):
    u = rng.random(7)
    cases.append((np.round(80 * u[0] - 40, 3), np.round(4 * u[1] - 2, 3), np.round(4 * u[2] - 2, 3),
                  np.round(40 * u[3] - 20, 3), np.round(0.8 + 0.4 * u[4], 3), np.round(0.8 + 0.4 * u[5], 3),
                  int(u[6] < 0.5)))
print(SIZE, *("%.9g" % v for v in image.ravel()), sep=",")
for case in cases:
    print(*("%.9g" % v for v in case), *("%.9g" % v for v in warp(image, *case).ravel()), sep=",")
