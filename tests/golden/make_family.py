#!/usr/bin/env python3
"""Golden values of the convolutional family from PyTorch, in double: tests/golden/family.h5, read by tests/worker/test_family.c.

    /usr/bin/python3 tests/golden/make_family.py

Every group is one network, as the attribute `settings` asks for it, and one batch: logits, loss and every `stride`th element of the
gradients in training, the same of the parameters and all buffers after three steps of torch.optim, in which norms and biases do not
decay, and the probabilities by running statistics then. Convolutions, norms, pools and GELU are PyTorch's own; hash and dropout masks
are those of make_golden.py. Images are hash(); parameters begin at u sqrt(6 / fans) or at what they begin with and u / 10.
"""
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from make_golden import hashed, mask

double = lambda x: torch.from_numpy(np.asarray(x, dtype=np.float64))


class Network:
    """c: what cnn.h has. Parameters are made where they are first asked for, in order, and taken in the same order ever after."""

    def __init__(self, c):
        self.c, self.parameter, self.weights, self.buffer = c, [], [], []

    def take(self, shape, fans=0, start=0):
        p = self.next = self.next + 1
        if p == len(self.parameter):
            u = np.float32(2) * hashed(16 + p, int(np.prod(shape))) - np.float32(1)
            u = u * np.float32(np.sqrt(6.0 / fans)) if fans else np.float32(start) + u * np.float32(0.1)
            self.parameter.append(double(u.reshape(shape)).requires_grad_(True))
            self.weights.append(fans > 0)
        return self.parameter[p]

    def conv(self, x, n, side, stride=1):
        c, old = self.c, x.shape[1]
        w = self.take((n, side, side, old), side * side * (n + old)).permute(0, 3, 1, 2)
        b = None if c["norm"] != "none" else self.take((n,))
        x = F.conv2d(x, w, b, stride=stride, padding=side // 2 if c["same"] else 0)
        if c["norm"] == "group":
            groups = max(g for g in range(1, 9) if n % g == 0)
            x = F.group_norm(x, groups, self.take((n,), start=1), self.take((n,)))
        if c["norm"] == "batch":
            if self.next_buffer == len(self.buffer):
                self.buffer += [torch.zeros(n, dtype=torch.float64), torch.ones(n, dtype=torch.float64)]
            mean, variance = self.buffer[self.next_buffer:self.next_buffer + 2]
            self.next_buffer += 2
            x = F.batch_norm(x, mean, variance, self.take((n,), start=1), self.take((n,)), training=self.training)
        return x

    def block(self, x, n, before):
        c, act = self.c, self.act
        got, stride = x, 2 if c["pool"] == "stride" and n != before else 1
        for i in range(c["convs"]):
            x = self.conv(x, n, c["kernel"], stride if i == 0 else 1)
            if i + 1 < c["convs"]:
                x = act(x)
        if c["residual"]:
            x = x + (got if got.shape == x.shape else self.conv(got, n, 1, stride))
        x = act(x)
        return {"max": lambda: F.max_pool2d(x, 2), "average": lambda: F.avg_pool2d(x, 2), "stride": lambda: x}[c["pool"]]()

    def drop(self, x, l):
        return x * mask(self.c["dropout"][l], 77, self.step * 4 + l, x.shape) if self.training else x

    def __call__(self, images, step, training=True):
        c, self.next, self.next_buffer, self.step, self.training = self.c, -1, 0, step, training
        self.act = F.gelu if c["gelu"] else F.relu
        x = images.permute(0, 3, 1, 2)
        if c["stem"]:
            x = self.act(self.conv(x, c["stem"], c["kernel"]))
        for n, before in zip(c["blocks"], c["blocks"][:1] + c["blocks"]):
            x = self.block(x, n, before)
        x = x.mean((2, 3)) if c["global"] else x.permute(0, 2, 3, 1)
        x = self.drop(x, 0).flatten(1)
        linear = lambda x, n: F.linear(x, self.take((n, x.shape[1]), n + x.shape[1]), self.take((n,)))
        for l, n in enumerate(c["dense"], 1):
            x = self.drop(self.act(linear(x, n)), l)
        return linear(x, 3)


def run(c):
    n, shape = c["batch"], (c["size"], c["size"], c["channels"])
    images, label = double(hashed(1, n * int(np.prod(shape))).reshape(n, *shape)), torch.arange(n) % 3
    net = Network(c)
    flat = lambda tensors: np.concatenate([t.detach().numpy().reshape(-1) for t in tensors] or [np.zeros(0)])
    with torch.no_grad():
        net(images, 0, training=False)  # makes the parameters
    decay = [[p for p, w in zip(net.parameter, net.weights) if w == side] for side in (True, False)]
    groups = [dict(params=decay[0], weight_decay=0.05), dict(params=decay[1], weight_decay=0.0)]
    optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    for step in range(3):
        optimizer.zero_grad()
        z = net(images, step)
        loss = F.cross_entropy(z, label)
        loss.backward()
        if step == 0:
            out = dict(logits=z.detach().numpy(), loss=float(loss), gradient=flat([p.grad for p in net.parameter]))
        optimizer.step()
    with torch.no_grad():
        out["judged"] = F.softmax(net(images, 0, training=False), dim=1).numpy()
    return dict(out, trained=flat(net.parameter), buffers=flat(net.buffer))


def write(file, name, c, out):
    group = file.create_group(name)
    settings = c["settings"] + ["image.size=%d" % c["size"], "train.batch=%d" % c["batch"], "train.optimizer=sgd", "train.learning_rate=0.05",
                                "train.weight_decay=0.05"]
    group.attrs["settings"] = np.bytes_("\n".join(settings))
    group.attrs["loss"] = np.float64(out.pop("loss"))
    for key in ("channels", "batch", "stride"):
        group.attrs[key] = np.int64(c[key])
    for key, value in out.items():
        value = value[::c["stride"]] if key in ("gradient", "trained") else value
        group.create_dataset(key, data=np.asarray(value, dtype=np.float32))


PLAIN = dict(size=14, channels=1, batch=6, stride=3, stem=0, blocks=[4, 6], convs=1, kernel=3, same=False, norm="none", gelu=False, pool="max",
             residual=False, dense=[], dropout=[0.0], settings=[], **{"global": False})
STAGED = dict(PLAIN, blocks=[4, 8, 16], convs=2, same=True, norm="batch", stride=7)
RESNET = dict(STAGED, stem=4, pool="stride", residual=True, size=16, channels=3, **{"global": True})
CASES = {
    "kernel-5-same": dict(PLAIN, kernel=5, same=True, channels=2, dropout=[0.3], settings=[
        "cnn.blocks=4-6", "cnn.kernel=5", "cnn.padding=same", "cnn.dense=none", "cnn.dropout=0.3"]),
    "batch-gelu-average": dict(PLAIN, size=18, norm="batch", gelu=True, pool="average", convs=2, dense=[7], dropout=[0.0, 0.4], settings=[
        "cnn.blocks=4-6", "cnn.convs=2", "cnn.norm=batch", "cnn.activation=gelu", "cnn.pool=average", "cnn.dense=7", "cnn.dropout=0-0.4"]),
    "group-residual": dict(PLAIN, stem=5, blocks=[12, 8], same=True, norm="group", pool="stride", residual=True, settings=[
        "cnn.stem=5", "cnn.blocks=12-8", "cnn.padding=same", "cnn.norm=group", "cnn.pool=stride", "cnn.residual=true", "cnn.head=global",
        "cnn.dense=none", "cnn.dropout=0"], **{"global": True}),
    "residual-plain": dict(PLAIN, blocks=[2, 5], channels=2, same=True, residual=True, pool="max", settings=[
        "cnn.blocks=2-5", "cnn.padding=same", "cnn.residual=true", "cnn.dense=none", "cnn.dropout=0"]),
    "vgg-small": dict(STAGED, size=17, dense=[16], dropout=[0.0, 0.5], settings=["model=vgg-small", "vgg-small.width=4"]),
    "resnet-8": dict(RESNET, settings=["model=resnet-8", "resnet-8.width=4"]),
    "resnet-8-group": dict(RESNET, norm="group", size=15, settings=["model=resnet-8", "resnet-8.width=4", "resnet-8.norm=group"]),
    "resnet-14": dict(RESNET, blocks=[4, 4, 8, 8, 16, 16], channels=1, dropout=[0.2], settings=[
        "model=resnet-14", "resnet-14.width=4", "resnet-14.dropout=0.2"]),
}

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "family.h5")
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        for name, case in CASES.items():
            write(file, name, case, run(case))
    print(path, os.path.getsize(path), "bytes")
