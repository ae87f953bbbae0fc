#!/usr/bin/python3
"""60 dark and 6 bright cells of 24 x 24 pixels, as folders of PNG: separable.py DIR."""
import os
import struct
import sys
import zlib

import numpy as np


def png(pixels):
    height, width = pixels.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    rng = np.random.default_rng(1)
    for cluster, n, brightness in ((1, 60, 60), (2, 6, 190)):
        folder = os.path.join(sys.argv[1], "cell_images", f"cluster_{cluster}")
        os.makedirs(folder)
        for i in range(n):
            pixels = np.clip(rng.normal(brightness, 20, (24, 24)), 0, 255).astype(np.uint8)
            with open(os.path.join(folder, f"cell_{cluster}_{i}.png"), "wb") as f:
                f.write(png(pixels))


if __name__ == "__main__":
    main()
