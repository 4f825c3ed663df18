"""Softmax regression in float32: the layout of `softmaxRegression({ inputs: 2, classes: 2 })` of @fedkit/core."""

import numpy as np

SHAPES = {"layers.0.weight": (2, 2), "layers.0.bias": (2,)}


def points_of(partition: int) -> tuple[np.ndarray, np.ndarray]:
    """A node's own points, a few more in each partition than in the one before, and which coordinate is greater."""
    count = 4 + partition
    inputs = np.random.default_rng(partition).uniform(0, 8, (count, 2)).astype(np.float32)
    return inputs, (inputs[:, 0] < inputs[:, 1]).astype(np.int64)


def loss_and_gradient(arrays, inputs, labels):
    """Mean cross-entropy, and its gradient by weight and bias."""
    logits = inputs @ arrays[0] + arrays[1]
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = float(-np.log(p[rows, labels]).mean())
    p[rows, labels] -= 1
    p /= np.float32(len(labels))
    return loss, (inputs.T @ p, p.sum(axis=0))
