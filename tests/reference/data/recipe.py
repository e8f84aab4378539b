"""Deterministic tensors shared by generator and checker. Only needs numpy (RandomState streams are frozen)."""

import zlib, numpy as np


def _rs(seed, tag):
    return np.random.RandomState(zlib.crc32(f"{seed}:{tag}".encode()) & 0xFFFFFFFF)


def weight(name, shape, seed, mode):
    """mode 'scaled' (forward tests) or 'ref' (the reference's N(0,0.02) init). float64 result of float32-rounded values."""
    shape = tuple(shape)
    leaf = name.rsplit(".", 1)[-1]
    n = _rs(seed, name).standard_normal(shape)
    if leaf == "running_mean":
        v = 0.1 * n if mode == "scaled" else 0 * n
    elif leaf == "running_var":
        v = np.exp(0.2 * n) if mode == "scaled" else 0 * n + 1
    elif leaf == "bias":
        v = 0.1 * n if mode == "scaled" else 0 * n
    elif len(shape) == 1:
        v = 1 + (0.1 if mode == "scaled" else 0.02) * n  # norm weight
    elif mode == "scaled":
        v = n / np.sqrt(np.prod(shape[1:]))  # shape[1:] product, also for ConvTranspose
    else:
        v = 0.02 * n
    return np.asarray(v, dtype=np.float32)


def state_dict_arrays(named_shapes, seed, mode):
    """named_shapes: iterable of (key, shape); keys named num_batches_tracked are skipped (leave at 0)."""
    return {k: weight(k, s, seed, mode) for k, s in named_shapes if not k.endswith("num_batches_tracked")}


def image(tag, shape, seed):
    """smooth-ish image batch in [-1,1], float32"""
    b, c, h, w = shape
    rs = _rs(seed, tag)
    y, x = np.mgrid[0:h, 0:w] / float(h)
    out = np.zeros(shape)
    for i in range(b):
        for j in range(c):
            f = rs.uniform(1, 6, 4)
            p = rs.uniform(0, 6.28, 3)
            out[i, j] = 0.5 * np.sin(f[0] * x * 6.28 + p[0]) * np.cos(f[1] * y * 6.28 + p[1]) + 0.3 * np.sin(
                (f[2] * x + f[3] * y) * 6.28 + p[2]
            )
    out += 0.1 * rs.standard_normal(shape)
    return np.clip(out, -1, 1).astype(np.float32)
