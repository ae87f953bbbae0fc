#!/usr/bin/env python3
"""Golden values of the Vision Transformer from PyTorch, in double: tests/golden/vit.h5, read by tests/worker/test_vit.c.

    /usr/bin/python3 tests/golden/make_vit.py

Every group is one network and one batch: logits, loss, and every `stride`th element of the gradients and of the parameters after three
Adam steps. Attention, layer norm and GELU are PyTorch's own; hash, dropout masks and Adam are those of make_golden.py. All inputs are
hash() on both sides: parameters as begin() has them.
"""
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from make_golden import ADAM, hashed, mask


def parts(c):
    """Shape, sum of the fans (0: none) and beginning of every array of parameters, in order; those of a norm begin at 1 and 0."""
    w, hidden, tokens = c["width"], c["mlp"] * c["width"], (c["size"] // c["patch"]) ** 2 + 1
    linear = lambda i, o: [((o, i), i + o, 0), ((o,), 0, 0)]
    norm = [((w,), 0, 1), ((w,), 0, 0)]
    block = norm + linear(w, 3 * w) + linear(w, w) + norm + linear(w, hidden) + linear(hidden, w)
    tokens = [((w,), 0, 0), ((tokens, w), tokens + w, 0)]
    return linear(c["patch"] ** 2 * c["channels"], w) + tokens + block * c["blocks"] + norm + linear(w, c["n_classes"])


def begin(c):
    """Part p, with u = 2 hashed(16 + p) - 1: u sqrt(6 / fans) where it has fans, else what it begins with and u / 10."""
    out = []
    for p, (shape, fans, start) in enumerate(parts(c)):
        u = np.float32(2) * hashed(16 + p, int(np.prod(shape))) - np.float32(1)
        out.append(u * np.float32(np.sqrt(6.0 / fans)) if fans else np.float32(start) + u * np.float32(0.1))
    return np.concatenate(out)


def split(c, flat):
    shapes = [shape for shape, _, _ in parts(c)]
    return [p.reshape(s) for p, s in zip(torch.split(flat, [int(np.prod(s)) for s in shapes]), shapes)]


def patches(c, images):
    side, n = c["patch"], c["size"] // c["patch"]
    margin = c["size"] % side // 2
    x = images[:, margin:margin + n * side, margin:margin + n * side]
    return x.reshape(len(images), n, side, n, side, -1).permute(0, 1, 3, 2, 4, 5).reshape(len(images), n * n, -1)


def attention(c, x, qkv, bias, project, project_bias):
    x = x.transpose(0, 1)  # tokens first
    return F.multi_head_attention_forward(x, x, x, c["width"], c["heads"], qkv, bias, None, None, False, 0.0, project, project_bias,
                                          need_weights=False)[0].transpose(0, 1)


def logits(c, flat, images, step):
    n_drops, width = 2 * c["blocks"] + 1, c["width"]
    drops = iter(range(n_drops))
    drop = lambda x: x * mask(c["dropout"], c["dropout_key"], step * (64 if n_drops > 4 else 4) + next(drops), x.shape)
    p = iter(split(c, flat))
    take = lambda n: [next(p) for _ in range(n)]
    x = F.linear(patches(c, images), *take(2))
    token, positions = take(2)
    x = drop(torch.cat([token.expand(len(x), 1, width), x], dim=1) + positions)
    for block in range(c["blocks"]):
        y = F.layer_norm(x, (width,), *take(2), eps=1e-6)
        y = attention(c, y, *take(4))
        if block == c["blocks"] - 1:
            x, y = x[:, 0], y[:, 0]
        x = x + drop(y)
        y = F.layer_norm(x, (width,), *take(2), eps=1e-6)
        x = x + drop(F.linear(F.gelu(F.linear(y, *take(2))), *take(2)))
    return F.linear(F.layer_norm(x, (width,), *take(2), eps=1e-6), *take(2))


def run(c):
    double = lambda x: torch.from_numpy(np.asarray(x, dtype=np.float64))
    n, shape = c["batch"], (c["size"], c["size"], c["channels"])
    images = double(hashed(1, n * int(np.prod(shape))).reshape(n, *shape))
    target = double(np.eye(c["n_classes"])[np.arange(n) % c["n_classes"]])
    flat, m, v, out = double(begin(c)), 0, 0, {}
    for t in range(1, 4):
        flat.requires_grad_(True)
        z = logits(c, flat, images, c["dropout_step"] + t - 1)
        loss = -(target * F.log_softmax(z, dim=1)).sum(1).mean()
        (g,) = torch.autograd.grad(loss, flat)
        if t == 1:
            out = dict(logits=z.detach().numpy(), loss=float(loss), gradient=g.numpy().copy())
        m = ADAM["beta1"] * m + (1 - ADAM["beta1"]) * g
        v = ADAM["beta2"] * v + (1 - ADAM["beta2"]) * g * g
        rate = ADAM["learning_rate"] * np.sqrt(1 - ADAM["beta2"] ** t) / (1 - ADAM["beta1"] ** t)
        flat = (flat - rate * m / (v.sqrt() + ADAM["epsilon"])).detach()
    out["trained"] = flat.numpy()
    return out


def write(file, name, c, out):
    group = file.create_group(name)
    for key, value in {**c, "loss": out.pop("loss")}.items():
        group.attrs[key] = np.asarray(value, dtype=np.float64 if key in ("dropout", "loss") else np.int64)
    for key, value in out.items():
        group.create_dataset(key, data=np.asarray(value if key == "logits" else value[::c["stride"]], dtype=np.float32))


SMALL = dict(size=12, channels=1, patch=4, width=12, blocks=2, heads=3, mlp=2, n_classes=3, batch=5, dropout=0.0, dropout_key=0,
             dropout_step=0, stride=3)
CASES = {
    "plain": SMALL,
    "margin": {**SMALL, "size": 14, "patch": 5, "channels": 3, "width": 10, "heads": 1, "mlp": 3, "blocks": 1, "dropout": 0.3,
               "dropout_key": 0x0123456789ABCDEF, "dropout_step": 2**31},
    "dropout": {**SMALL, "size": 13, "patch": 3, "blocks": 3, "width": 16, "heads": 2, "dropout": 0.2, "dropout_key": 99,
                "dropout_step": 12, "n_classes": 2, "batch": 7, "stride": 7},
    "default": {**SMALL, "size": 50, "patch": 5, "width": 64, "blocks": 4, "heads": 4, "n_classes": 2, "batch": 8, "dropout": 0.1,
                "dropout_key": 77, "dropout_step": 5, "stride": 61},
}

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vit.h5")
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        for name, case in CASES.items():
            write(file, name, case, run(case))
    print(path, os.path.getsize(path), "bytes")
