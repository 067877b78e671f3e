"""Loads one peer with one ensemble of trees, and times it, keeps what it gives, or measures loading.

    peer_tree.py time PEER MODEL BATCH SECONDS    prints what `headgate bench -o json` prints, as far as it applies
    peer_tree.py answer PEER MODEL BATCH FILE     writes the sums of the first rows as an array
    peer_tree.py load PEER MODEL STUMP            prints the time and the memory that loading takes

MODEL and STUMP are paths without endings. The rows are rows-float.npz or rows-double.npz beside MODEL, whichever the peer
takes; the library that peer_trees.c makes is there too.
"""

import ctypes
import json
import pathlib
import sys
import time

import numpy as np

from tree_peers import PEERS

# Rows that are compared, or one slice when that has more.
COMPARED_ROWS = 512


class Call(ctypes.Structure):
    """`struct call` of peer_trees.c."""

    _fields_ = [
        ("function", ctypes.c_void_p), ("model", ctypes.c_void_p), ("settings", ctypes.c_void_p * 3),
        ("rows", ctypes.c_void_p), ("row_bytes", ctypes.c_int64), ("columns", ctypes.c_int64),
        ("batch", ctypes.c_int64), ("slices", ctypes.POINTER(ctypes.c_void_p)), ("outputs", ctypes.c_void_p)]


class Times(ctypes.Structure):
    """`struct times` of peer_trees.c."""

    _fields_ = [("cpu", ctypes.c_double * 3), ("wall", ctypes.c_double * 3), ("calls", ctypes.c_int64)]


class Walk:
    """A peer that goes over all rows in slices. Keeps alive what C has the addresses of."""

    def __init__(self, peer, model, batch):
        self.peer = PEERS[peer](model)
        kind = "double" if self.peer.number == np.float64 else "float"
        rows = np.load(model.parent / f"rows-{kind}.npz")["features"]
        self.parts = [rows[first:first + batch] for first in range(0, len(rows) - batch + 1, batch)]
        self.outputs = np.zeros((batch, 1), self.peer.number)
        self.entry = entry = self.peer.entry(self.parts, self.outputs)
        self.slices = (ctypes.c_void_p * len(entry.slices))(*map(address, entry.slices))
        self.call = Call(
            function=address(entry.function), model=address(entry.model), rows=rows.ctypes.data,
            row_bytes=rows.strides[0], columns=rows.shape[1], batch=batch, slices=self.slices,
            outputs=self.outputs.ctypes.data)
        for index, setting in enumerate(entry.settings):
            self.call.settings[index] = address(setting)
        self.library = ctypes.CDLL(str(model.parent / "peer_trees.so"))
        self.run = getattr(self.library, entry.name)

    def measure(self, seconds):
        times = Times()
        self.check(self.library.measure(
            self.run, ctypes.byref(self.call), ctypes.c_long(len(self.parts)), ctypes.c_double(seconds),
            ctypes.byref(times)))
        return times

    def answer(self):
        sums = []
        for index in range(max(COMPARED_ROWS // len(self.outputs), 1)):
            self.check(self.run(ctypes.byref(self.call), ctypes.c_long(index)))
            sums.append(self.outputs.ravel().copy())
        return np.concatenate(sums)

    def check(self, error):
        if error:
            sys.exit(f"{self.entry.name} gave an error")


def address(thing):
    """What a handle is, and where a text or a function of a library stands."""
    if thing is None or isinstance(thing, ctypes.c_void_p):
        return thing and thing.value
    return ctypes.cast(thing, ctypes.c_void_p).value


def show_times(peer, model, batch, seconds):
    times = Walk(peer, model, int(batch)).measure(float(seconds))

    def quantiles(nanoseconds):
        return {f"p{percent}": value / 1e3 for percent, value in zip((50, 90, 99), nanoseconds, strict=True)}

    print(json.dumps({"cpu_us": quantiles(times.cpu), "wall_us": quantiles(times.wall), "calls": times.calls}))


def show_load(peer, model, stump):
    # What a library does once, and its own pages, count for no model.
    stump = PEERS[peer](pathlib.Path(stump))
    before = memory("VmRSS")
    # The peak is that from now on; see proc(5).
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    loaded = PEERS[peer](model)
    seconds = time.perf_counter() - began
    peak, kept = memory("VmHWM"), memory("VmRSS")
    print(json.dumps({"load_ms": seconds * 1e3, "kept_bytes": kept - before, "peak_bytes": peak - before}))
    del stump, loaded


def memory(field):
    """A line of /proc/self/status in bytes, without what the allocator has been given back."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def main():
    task, peer, model, *rest = sys.argv[1:]
    model = pathlib.Path(model)
    if task == "time":
        show_times(peer, model, *rest)
    elif task == "load":
        show_load(peer, model, *rest)
    else:
        batch, file = rest
        np.save(file, Walk(peer, model, int(batch)).answer())


if __name__ == "__main__":
    main()
