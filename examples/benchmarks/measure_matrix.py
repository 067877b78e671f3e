"""Times sgemm of a library with Headgate's kernels and numpy's matmul, interleaved; see matrix.sh.

Time is the thread's CPU clock, the best of some rounds, each as long as to take about 10 ms. B is packed once where it
stays in the caches, and once in so many copies that each comes from memory, as the weights of a network do.
"""

import ctypes
import itertools
import os
import sys
import time

import numpy as np

SHAPES = [  # m, n, k, whether B is stored transposed (as layers of PyTorch are)
    (1, 1024, 1024, False), (1, 1024, 1024, True), (1, 4096, 4096, False), (1, 4096, 4096, True), (4, 1024, 1024, False),
    (8, 512, 512, False), (16, 512, 512, True), (32, 384, 384, False), (128, 384, 384, False), (128, 1536, 384, False),
    (32, 128, 30, False), (1000, 3, 64, False), (64, 3136, 576, False), (128, 128, 128, False),
    (256, 256, 256, False), (512, 512, 512, False), (512, 512, 512, True), (1024, 1024, 1024, False),
]

# More than any cache holds of it for one core.
FAR_BYTES = 96 << 20


class Share(ctypes.Structure):
    """hg_share: the part of a product that a call computes."""

    _fields_ = [("index", ctypes.c_size_t), ("count", ctypes.c_size_t)]


WHOLE = Share(0, 1)


class KernelSet(ctypes.Structure):
    """The beginning of hg_kernel_set."""

    size, pointer, integer = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    sgemm_type = ctypes.CFUNCTYPE(
        None, size, size, size, ctypes.c_float, pointer, size, size, pointer, size, size, integer, pointer, pointer,
        size, Share)
    pack_type = ctypes.CFUNCTYPE(None, size, size, pointer, size, size, pointer)
    packed_type = ctypes.CFUNCTYPE(
        None, size, size, size, ctypes.c_float, pointer, size, size, pointer, integer, pointer, pointer, size,
        Share)
    _fields_ = [
        ("name", ctypes.c_char_p), ("sgemm", sgemm_type), ("dgemm", pointer), ("sgemm_pack", pack_type),
        ("dgemm_pack", pointer), ("sgemm_packed", packed_type)]


def best(calls, rounds):
    """The least seconds of each call, all called in turn."""
    counts, least = [], [float("inf")] * len(calls)
    for call in calls:
        start = time.thread_time_ns()
        call()
        counts.append(max(1, 10_000_000 // max(time.thread_time_ns() - start, 1)))
    for _ in range(rounds):
        for index, call in enumerate(calls):
            start = time.thread_time_ns()
            for _ in range(counts[index]):
                call()
            least[index] = min(least[index], (time.thread_time_ns() - start) / counts[index] / 1e9)
    return least


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.hg_choose_kernels.restype = ctypes.POINTER(KernelSet)
    wanted, choice = os.environ.get("HEADGATE_KERNELS", ""), ctypes.c_int()
    kernels = library.hg_choose_kernels(wanted.encode(), ctypes.byref(choice)).contents
    if choice.value > 1:
        sys.exit(f"HEADGATE_KERNELS={wanted}: no such kernels on this CPU")
    core = os.environ.get("OPENBLAS_CORETYPE", "its own choice")
    print(f"kernels {kernels.name.decode()}; numpy {np.__version__}, OpenBLAS core {core}; GFLOP/s in one thread")
    print(f"{'m':>5} {'n':>5} {'k':>5}  B            ours  packed     far   numpy  ours/numpy  packed/numpy")
    random = np.random.default_rng(1)
    for m, n, k, transposed in SHAPES:
        a = random.standard_normal((m, k), np.float32)
        b = random.standard_normal((n, k) if transposed else (k, n), np.float32)
        right = b.T if transposed else b
        c, d = np.empty((m, n), np.float32), np.empty((m, n), np.float32)
        packed = np.empty((1 + FAR_BYTES // (4 * n * k), n * k), np.float32)
        strides = (1, k) if transposed else (n, 1)
        kernels.sgemm_pack(n, k, b.ctypes.data, *strides, packed.ctypes.data)
        packed[1:] = packed[0]
        ours = (m, n, k, 1.0, a.ctypes.data, k, 1, b.ctypes.data, *strides, 0, None, c.ctypes.data, n, WHOLE)
        constant = [
            (m, n, k, 1.0, a.ctypes.data, k, 1, row.ctypes.data, 0, None, c.ctypes.data, n, WHOLE) for row in packed]
        far = itertools.cycle(constant)
        seconds = best(
            [lambda: kernels.sgemm(*ours), lambda: kernels.sgemm_packed(*constant[0]),
             lambda: kernels.sgemm_packed(*next(far)), lambda: np.matmul(a, right, out=d)], int(sys.argv[2]))
        if not np.allclose(c, d, rtol=1e-3, atol=1e-3):
            sys.exit("the products differ")
        rates = [2e-9 * m * n * k / second for second in seconds]
        print(
            f"{m:5} {n:5} {k:5}  {'transposed' if transposed else 'plain':10} {rates[0]:6.1f}  {rates[1]:6.1f}  "
            f"{rates[2]:6.1f}  {rates[3]:6.1f}  {rates[0] / rates[3]:10.2f}  {rates[1] / rates[3]:12.2f}")


if __name__ == "__main__":
    main()
