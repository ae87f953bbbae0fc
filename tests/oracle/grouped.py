#!/usr/bin/python3
"""Three kinds of noisy cells of 24 x 24 pixels with a table that says their slide and their set: grouped.py DIR.

Slides differ in brightness and in size, sets are 60 % train, 10 % val and 30 % test of every kind; one image in ten is an
exact copy of another of its kind, which may be of another slide or set.
"""
import os
import sys

import numpy as np

from separable import png

rng = np.random.default_rng(2)
rows = ["Barcode,Cluster,split,slide"]
number = 0
for cluster, n, brightness in ((1, 60, 90), (2, 30, 115), (3, 15, 140)):
    folder = os.path.join(sys.argv[1], "cell_images", f"cluster_{cluster}")
    os.makedirs(folder)
    made = []
    for i in range(n):
        number += 1
        slide = int(30 * rng.random() ** 2)
        pixels = np.clip(rng.normal(brightness + 2 * slide, 40, (24, 24)), 0, 255).astype(np.uint8)
        made.append(made[int(rng.integers(len(made)))] if i % 10 == 9 else pixels)
        with open(os.path.join(folder, f"cell_{number}.png"), "wb") as f:
            f.write(png(made[-1]))
        rows.append(f"{number},{cluster},{('train', 'val', 'test')[(i % 10 > 5) + (i % 10 > 6)]},s{slide}")
with open(os.path.join(sys.argv[1], "clusters.csv"), "w", encoding="utf-8") as f:
    f.write("\n".join(rows) + "\n")
