"""python3 tests/golden/resize.py > tests/golden/resize.csv
Bilinear resizing by torch.nn.functional.interpolate, in float64: half-pixel centres, no antialiasing."""
import torch

print("case,kind,width,height,value")
torch.manual_seed(5)
for case, (width, height, size) in enumerate([(7, 5, 8), (5, 7, 8), (20, 31, 9), (1, 1, 8), (3, 1, 8), (1, 4, 9), (23, 17, 10),
                                              (8, 8, 8), (16, 16, 8), (33, 12, 16)]):
    image = torch.rand(1, 1, height, width, dtype=torch.float32).double()
    out = torch.nn.functional.interpolate(image, size=(size, size), mode="bilinear", align_corners=False, antialias=False)
    for kind, values, w, h in (("in", image, width, height), ("out", out, size, size)):
        for v in values.flatten().tolist():
            print(f"{case},{kind},{w},{h},{v:.17g}")
