#!/usr/bin/env python3
"""Golden values of the network from PyTorch, in double: tests/golden/cnn.h5, read by tests/worker/test_cnn.c.

    python3 tests/golden/make_golden.py

Every group is one network and one batch: logits, loss, all gradients, and the parameters after three Adam steps on that
batch. Adam is written out here, with Keras' epsilon (torch.optim.Adam places it differently); dropout masks come from the
Philox4x32-10 below, written from the paper (Salmon et al., SC11) and not from Random123. Vectors are flat in the order and
layout of worker/models/net/cnn.h. Images and parameters are hash() on both sides where `hashed` is 1, and stored elsewhere; the large
case keeps a selection of its gradient and the norm of every part.
"""
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
ADAM = dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-7)


def hashed(stream, n):
    """n float32 numbers in [0, 1): element i is the top 24 bits of splitmix64's finaliser on stream * 2^32 + i."""
    with np.errstate(over="ignore"):
        z = (np.uint64(stream) << np.uint64(32)) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def philox(key, substream, n_blocks):
    """Blocks 0 .. n_blocks-1 of a stream, (n_blocks, 4) words."""
    low, m32 = np.uint64(0xFFFFFFFF), np.uint64(32)
    block = np.arange(n_blocks, dtype=np.uint64)
    c = [block & low, block >> m32, np.full_like(block, substream & 0xFFFFFFFF), np.full_like(block, substream >> 32)]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> m32) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> m32) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1)


def mask(rate, key, substream, shape):
    """What inverted dropout multiplies by: 16 bits a unit, low half of a word first."""
    n = int(np.prod(shape))
    words = philox(key, substream, (n + 7) // 8)
    halves = np.stack([words & np.uint64(0xFFFF), words >> np.uint64(16)], axis=2).reshape(-1)[:n]
    keep_from = int(round(rate * 65536))
    return torch.from_numpy((halves >= keep_from) * (65536.0 / (65536 - keep_from))).reshape(shape)


def part_shapes(c):
    side = ((c["size"] - 2) // 2 - 2) // 2
    f1, f2, d1, d2, n = *c["filters"], *c["dense"], c["n_classes"]
    return [(f1, 3, 3, c["channels"]), (f1,), (f2, 3, 3, f1), (f2,), (d1, side * side * f2), (d1,), (d2, d1), (d2,), (n, d2), (n,)]


def initial(c):
    """Parameters: part p is (2 u - 1) * sqrt(6 / (rows + columns)), u = hashed(16 + p); biases a tenth of (2 u - 1)."""
    parts = []
    for p, shape in enumerate(part_shapes(c)):
        n = int(np.prod(shape))
        limit = np.float32(np.sqrt(6.0 / (shape[0] + n // shape[0]))) if len(shape) > 1 else np.float32(0.1)
        parts.append((np.float32(2) * hashed(16 + p, n) - np.float32(1)) * limit)
    return np.concatenate(parts)


def split(c, flat):
    sizes = [int(np.prod(s)) for s in part_shapes(c)]
    return [p.reshape(s) for p, s in zip(torch.split(flat, sizes), part_shapes(c))]


def logits(c, params, images, step):
    w1, b1, w2, b2, dw1, db1, dw2, db2, dw3, db3 = split(c, params)
    drop = lambda x, l: x * mask(c["dropout"][l], c["dropout_key"], step * 4 + l, x.shape)
    x = F.max_pool2d(F.relu(F.conv2d(images.permute(0, 3, 1, 2), w1.permute(0, 3, 1, 2), b1)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, w2.permute(0, 3, 1, 2), b2)), 2)
    x = drop(x.permute(0, 2, 3, 1).reshape(len(images), -1), 0)
    x = drop(F.relu(F.linear(x, dw1, db1)), 1)
    x = drop(F.relu(F.linear(x, dw2, db2)), 2)
    return F.linear(x, dw3, db3)


def loss_of(c, z, target, weight, offset):
    log_p = F.log_softmax(z + offset, dim=1)
    factor = (1 - log_p.exp()) ** c["gamma"] if c["focal"] else 1
    return (weight * -(target * factor * log_p).sum(1)).mean()


def run(c):
    double = lambda x: torch.from_numpy(np.asarray(x, dtype=np.float64))
    n, shape = c["batch"], (c["size"], c["size"], c["channels"])
    images, params = hashed(1, n * int(np.prod(shape))).reshape(n, *shape), initial(c)
    soft = hashed(2, n * c["n_classes"]).reshape(n, -1) + np.float32(0.01)
    target = soft / soft.sum(1, keepdims=True) if c["soft"] else np.eye(c["n_classes"])[np.arange(n) % c["n_classes"]]
    target = target.astype(np.float32)
    weight = (hashed(3, n) + np.float32(0.5)).astype(np.float32)
    offset = (hashed(4, c["n_classes"]) - np.float32(0.5)) * np.float32(c["offset"])
    flat, m, v = double(params), 0, 0
    out = dict(images=images, params=params, target=target, weight=weight, logit_offset=offset)
    for t in range(1, 4):
        flat.requires_grad_(True)
        z = logits(c, flat, double(images), c["dropout_step"] + t - 1)
        loss = loss_of(c, z, double(target), double(weight), double(offset))
        (g,) = torch.autograd.grad(loss, flat)
        if t == 1:
            out.update(logits=z.detach().numpy(), loss=float(loss), gradient=g.numpy().copy())
        m = ADAM["beta1"] * m + (1 - ADAM["beta1"]) * g
        v = ADAM["beta2"] * v + (1 - ADAM["beta2"]) * g * g
        rate = ADAM["learning_rate"] * np.sqrt(1 - ADAM["beta2"] ** t) / (1 - ADAM["beta1"] ** t)
        flat = (flat - rate * m / (v.sqrt() + ADAM["epsilon"])).detach()
    out["trained"] = flat.numpy()
    return out


def write(file, name, c, out):
    group = file.create_group(name)
    for key, value in c.items():
        group.attrs[key] = np.asarray(value, dtype=np.float64 if key in ("dropout", "gamma") else np.int64)
    group.attrs["loss"] = out.pop("loss")
    starts = np.cumsum([0] + [int(np.prod(s)) for s in part_shapes(c)])
    if c["hashed"]:
        for key in ("images", "params"):
            out.pop(key)
        index = np.unique(np.concatenate([np.linspace(a, b - 1, min(b - a, 400)).astype(np.int64)
                                          for a, b in zip(starts[:-1], starts[1:])]))
        out["index"] = index
        for key in ("gradient", "trained"):
            out[key + "_norm"] = np.array([np.linalg.norm(out[key][a:b]) for a, b in zip(starts[:-1], starts[1:])])
            out[key] = out[key][index]
    for key, value in out.items():
        group.create_dataset(key, data=value if key == "index" else np.asarray(value, dtype=np.float32))


SMALL = dict(size=18, channels=1, filters=[4, 6], dense=[10, 8], n_classes=3, batch=5, dropout=[0.0, 0.0, 0.0], dropout_key=0,
             dropout_step=0, focal=0, gamma=0.0, soft=0, offset=0, hashed=0)
CASES = {
    "plain": SMALL,
    "dropout": {**SMALL, "dropout": [0.25, 0.5, 0.3], "dropout_key": 0x0123456789ABCDEF, "dropout_step": 2**31, "soft": 1,
                "batch": 7},
    "focal": {**SMALL, "size": 21, "filters": [5, 3], "focal": 1, "gamma": 2.0, "soft": 1, "offset": 2,
              "dropout": [0.1, 0.0, 0.5], "dropout_key": 77, "dropout_step": 12},
    "default": {**SMALL, "size": 50, "filters": [32, 64], "dense": [128, 64], "n_classes": 2, "batch": 8,
                "dropout": [0.25, 0.5, 0.5], "dropout_key": 99, "dropout_step": 5, "hashed": 1},
    "rgb": {**SMALL, "channels": 3},
    "five": {**SMALL, "channels": 5, "size": 19, "filters": [7, 6], "soft": 1, "dropout": [0.1, 0.2, 0.3], "dropout_key": 5},
    "colour": {**SMALL, "size": 50, "channels": 3, "filters": [32, 64], "dense": [128, 64], "n_classes": 2, "batch": 8,
               "dropout": [0.25, 0.5, 0.5], "dropout_key": 99, "dropout_step": 5, "hashed": 1},
}

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cnn.h5")
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        for name, case in CASES.items():
            write(file, name, case, run(case))
    print(path, os.path.getsize(path), "bytes")
