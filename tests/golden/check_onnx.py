#!/usr/bin/python3
"""Exported ONNX models against the sweep they are from: the graph as python3-onnx parses it, computed by numpy in double.

    cellsweep run sweep.yaml -o r.h5          with keep_weights: true
    cellsweep export r.h5 --weights -o models
    /usr/bin/python3 tests/golden/check_onnx.py r.h5 models

Prints the largest difference of any probability from /predictions/all, over all models; exit status 1 when it is above 1e-5.
"""
import glob
import math
import os
import sys

import h5py
import numpy as np
import onnx
import onnx.numpy_helper
from numpy.lib.stride_tricks import sliding_window_view


def conv(x, w, b=np.zeros(1), *, kernel_shape, pads, strides):
    assert list(kernel_shape) == list(w.shape[2:])
    x = np.pad(x, [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])])
    patches = sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, :: strides[0], :: strides[1]]
    return np.einsum("nchwij,fcij->nfhw", patches, w, optimize=True) + b[:, None, None]


def max_pool(x, kernel_shape, strides):
    patches = sliding_window_view(x, kernel_shape, axis=(2, 3))
    return patches[:, :, :: strides[0], :: strides[1]].max(axis=(4, 5))


def average_pool(x, kernel_shape, strides):
    patches = sliding_window_view(x, kernel_shape, axis=(2, 3))
    return patches[:, :, :: strides[0], :: strides[1]].mean(axis=(4, 5))


def batch_norm(x, scale, bias, mean, variance, epsilon):
    by = scale / np.sqrt(variance + epsilon)
    return x * by[:, None, None] + (bias - mean * by)[:, None, None]


def instance_norm(x, scale, bias, epsilon):
    rest = tuple(range(2, x.ndim))
    shape = (-1,) + (1,) * len(rest)
    normal = (x - x.mean(axis=rest, keepdims=True)) / np.sqrt(x.var(axis=rest, keepdims=True) + epsilon)
    return normal * scale.reshape(shape) + bias.reshape(shape)


def gemm(x, w, b, transB=0):
    return x @ (w.T if transB else w) + b


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def cut(x, starts, ends, axes):
    for start, end, axis in zip(starts, ends, axes):
        x = x.take(range(int(start), int(end)), axis=int(axis))
    return x


def trees(x, names, targets, n_targets, base, about):
    """Sums of the values of the leaves that rows fall into: (rows, targets)."""
    at = {key: i for i, key in enumerate(zip(about["nodes_treeids"], about["nodes_nodeids"]))}
    values = {}
    for tree, node, target, weight in zip(*(about[f"{names}_{k}"] for k in ("treeids", "nodeids", targets, "weights"))):
        values.setdefault((tree, node), []).append((target, weight))
    mode, feature, threshold, yes, no = (about["nodes_" + k] for k in ("modes", "featureids", "values", "truenodeids", "falsenodeids"))
    out = np.tile(np.array(base, float), (len(x), 1)) if len(base) else np.zeros((len(x), n_targets))
    for row, sums in zip(x, out):
        for tree in sorted(set(about["nodes_treeids"])):
            node = 0
            while mode[i := at[tree, node]] != b"LEAF":
                v = row[feature[i]]
                node = (yes if (v < threshold[i] if mode[i] == b"BRANCH_LT" else v <= threshold[i]) else no)[i]
            for target, weight in values.get((tree, node), []):
                sums[target] += weight
    return out


def classifier(x, classlabels_int64s, post_transform, **about):
    assert post_transform == b"NONE"
    p = trees(x, "class", "ids", len(classlabels_int64s), [], about)
    return p.argmax(1), p


def regressor(x, n_targets, base_values, aggregate_function, post_transform, **about):
    assert (aggregate_function, post_transform) == (b"SUM", b"NONE")
    return trees(x, "target", "ids", n_targets, base_values, about)


OPERATORS = {
    "TreeEnsembleClassifier": classifier,
    "TreeEnsembleRegressor": regressor,
    "Abs": np.abs,
    "Exp": np.exp,
    "Less": np.less,
    "Cast": lambda x, to: x.astype(np.float64),
    "Conv": conv,
    "Relu": lambda x: np.maximum(x, 0),
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda x: x.mean(axis=(2, 3), keepdims=True),
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "Flatten": lambda x, axis: x.reshape(int(np.prod(x.shape[:axis])), -1),
    "Gemm": gemm,
    "Softmax": softmax,
    "Mean": lambda *x: sum(x) / len(x),
    "Slice": cut,
    "Reshape": lambda x, shape: x.reshape([x.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)]),
    "Transpose": lambda x, perm: x.transpose(perm),
    "MatMul": np.matmul,
    "Pad": lambda x, pads: np.pad(x, [(int(a), int(b)) for a, b in zip(pads[: x.ndim], pads[x.ndim :])]),
    "Gather": lambda x, index, axis: x.take(int(index), axis=axis),
    "ReduceMean": lambda x, axes: x.mean(axis=tuple(axes), keepdims=True),
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Sqrt": np.sqrt,
    "Erf": np.vectorize(math.erf),
}


def run(model, images):
    values = {t.name: onnx.numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    values["image"] = images.astype(np.float64)
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        out = OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes)
        values.update(zip(node.output, out if isinstance(out, tuple) else (out,)))
    return values["probabilities"]


def check(results, images, path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    about = {p.key: p.value for p in model.metadata_props}
    assert about["dataset_checksum"] == results.attrs["dataset_checksum"].decode()
    job = list(results["jobs"]["key"]).index(about["job"].encode())
    stored, c = results["predictions/all"], len(about["clusters"].split("-"))
    first, count, start = (int(stored[name][job]) for name in ("first", "count", "first_probability"))
    row = stored["image"][first:first + count]
    stored = stored["probability"][start:start + count * c].reshape(count, c)
    x = images[row][:, None] if images.ndim == 3 else images[row].transpose(0, 3, 1, 2)
    return len(row), np.abs(run(model, x) - stored).max()


results = h5py.File(sys.argv[1], "r")
data_file = results.attrs["data_file"].decode()
if not os.path.exists(data_file):
    data_file = os.path.join(os.path.dirname(sys.argv[1]), data_file)
with h5py.File(data_file, "r") as data:
    images = data["images/pixels"][:]
paths = sorted(glob.glob(sys.argv[2] + "/*.onnx"))
checked = [check(results, images, path) for path in paths]
worst = max(difference for _, difference in checked)
print(f"{len(paths)} models, {sum(n for n, _ in checked)} predictions: worst difference {worst:.2g}")
sys.exit(bool(worst > 1e-5))
