"""The peers of the benchmark of trees, loaded and called through their C entry points, without their Python packages.

A class loads a model when it is made. `entry` then says how peer_trees.c calls it for slices of rows, to put the sums into
`outputs`. Rows and sums are arrays of `number`: the type in which the peer compares features with thresholds.
"""

import ctypes
import dataclasses
import importlib.util
import json
import pathlib

import numpy as np


@dataclasses.dataclass
class Entry:
    """A function of peer_trees.c, and what it hands to the peer's own: see `struct call` there."""

    name: str
    function: object
    model: object = None
    settings: tuple = ()
    slices: tuple = ()


def packaged(package, path):
    """A library that a Python package brings; the package itself is not imported, for that takes memory."""
    (place,) = importlib.util.find_spec(package).submodule_search_locations
    (library,) = pathlib.Path(place).glob(path)
    return ctypes.CDLL(str(library))


class LightGBM:
    number = np.float64
    PARAMETERS = b"num_threads=1 predict_disable_shape_check=true"

    def __init__(self, path):
        self.library = packaged("lightgbm", "lib/lib_lightgbm.so")
        self.library.LGBM_GetLastError.restype = ctypes.c_char_p
        self.model, trees = ctypes.c_void_p(), ctypes.c_int()
        self.check(self.library.LGBM_BoosterCreateFromModelfile(
            str(path.with_suffix(".txt")).encode(), ctypes.byref(trees), ctypes.byref(self.model)))

    def check(self, error):
        if error:
            raise RuntimeError(self.library.LGBM_GetLastError().decode())

    def entry(self, slices, outputs):
        if len(outputs) > 1:
            return Entry("lightgbm_rows", self.library.LGBM_BoosterPredictForMat, self.model, (self.PARAMETERS,))
        fast = ctypes.c_void_p()
        # Predictions as they are, from the first tree on, of all trees, for rows of doubles.
        self.check(self.library.LGBM_BoosterPredictForMatSingleRowFastInit(
            self.model, 0, 0, -1, 1, slices[0].shape[1], self.PARAMETERS, ctypes.byref(fast)))
        return Entry("lightgbm_row", self.library.LGBM_BoosterPredictForMatSingleRowFast, fast)


class XGBoost:
    number = np.float32

    def __init__(self, path):
        self.library = packaged("xgboost", "lib/libxgboost.so")
        self.library.XGBGetLastError.restype = ctypes.c_char_p
        self.model = ctypes.c_void_p()
        self.check(self.library.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(self.model)))
        self.check(self.library.XGBoosterSetParam(self.model, b"nthread", b"1"))
        self.check(self.library.XGBoosterLoadModel(self.model, str(path.with_suffix(".ubj")).encode()))

    def check(self, error):
        if error:
            raise RuntimeError(self.library.XGBGetLastError().decode())

    def entry(self, slices, outputs):
        matrix = ctypes.c_void_p()
        self.check(self.library.XGProxyDMatrixCreate(ctypes.byref(matrix)))
        # No JSON, but what XGBoost writes for a number that is none.
        how = '{"type": 0, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false, "missing": NaN}'
        texts = [
            json.dumps({"data": [part.ctypes.data, True], "shape": part.shape, "typestr": "<f4", "version": 3})
            for part in slices]
        return Entry(
            "xgboost_rows", self.library.XGBoosterPredictFromDense, self.model, (how.encode(), matrix),
            tuple(text.encode() for text in texts))


class OnnxRuntime:
    """Its header is in no Python package; the table of functions only grows at its end, so that positions stay."""

    number = np.float32
    POSITIONS = {
        "GetErrorMessage": 2, "CreateEnv": 3, "CreateSession": 7, "Run": 9, "CreateSessionOptions": 10,
        "SetSessionExecutionMode": 13, "SetSessionGraphOptimizationLevel": 23, "SetIntraOpNumThreads": 24,
        "SetInterOpNumThreads": 25, "CreateTensorWithDataAsOrtValue": 49, "CreateCpuMemoryInfo": 69}
    WARNINGS, SEQUENTIAL, ALL_OPTIMISATIONS, FLOAT = 2, 0, 99, 1

    def __init__(self, path):
        library = packaged("onnxruntime", "capi/libonnxruntime.so.*")
        library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
        table = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32)(library.OrtGetApiBase()[0])(1)
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p)
        self.functions = {name: kind(table[position]) for name, position in self.POSITIONS.items()}
        environment, options = self.made("CreateEnv", self.WARNINGS, b"trees"), self.made("CreateSessionOptions")
        self.do("SetSessionExecutionMode", options, self.SEQUENTIAL)
        self.do("SetSessionGraphOptimizationLevel", options, self.ALL_OPTIMISATIONS)
        self.do("SetIntraOpNumThreads", options, 1)
        self.do("SetInterOpNumThreads", options, 1)
        self.model = self.made("CreateSession", environment, str(path.with_suffix(".onnx")).encode(), options)

    def do(self, name, *arguments):
        status = self.functions[name](*arguments)
        if status:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)(self.functions["GetErrorMessage"])
            raise RuntimeError(message(status).decode())

    def made(self, name, *arguments):
        out = ctypes.c_void_p()
        self.do(name, *arguments, ctypes.byref(out))
        return out

    def tensor(self, array, memory):
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        return self.made(
            "CreateTensorWithDataAsOrtValue", memory, ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes),
            shape, ctypes.c_size_t(array.ndim), self.FLOAT)

    def entry(self, slices, outputs):
        arena, default = 1, 0
        memory = self.made("CreateCpuMemoryInfo", arena, default)
        settings = (b"features", b"variable", self.tensor(outputs, memory))
        tensors = tuple(self.tensor(part, memory) for part in slices)
        return Entry("onnxruntime_rows", self.functions["Run"], self.model, settings, tensors)


class Lleaves:
    """What compile_trees.py compiled."""

    number = np.float64

    def __init__(self, path):
        self.library = ctypes.CDLL(f"{path}.lleaves.so")

    def entry(self, slices, outputs):
        return Entry("lleaves_rows", self.library.forest_root)


class Tl2cgen:
    """What compile_trees.py compiled; thresholds are doubles for LightGBM's models, floats for XGBoost's."""

    def __init__(self, path):
        self.library = ctypes.CDLL(f"{path}.tl2cgen.so")
        self.library.get_threshold_type.restype = ctypes.c_char_p
        self.number = np.dtype(self.library.get_threshold_type().decode())

    def entry(self, slices, outputs):
        kind = "double" if self.number == np.float64 else "float"
        return Entry(f"tl2cgen_{kind}_rows", self.library.predict)


class Treelite:
    """Its general inference library, GTIL."""

    def __init__(self, path):
        self.library = packaged("treelite", "lib/libtreelite.so")
        self.library.TreeliteGetLastError.restype = ctypes.c_char_p
        self.model = ctypes.c_void_p()
        load, file = self.library.TreeliteLoadLightGBMModel, path.with_suffix(".txt")
        if not file.exists():
            load, file = self.library.TreeliteLoadXGBoostModelUBJSON, path.with_suffix(".ubj")
        self.check(load(str(file).encode(), b"{}", ctypes.byref(self.model)))
        kind = ctypes.c_char_p()
        self.check(self.library.TreeliteGetOutputType(self.model, ctypes.byref(kind)))
        self.type = kind.value
        self.number = np.dtype(self.type.decode())

    def check(self, error):
        if error:
            raise RuntimeError(self.library.TreeliteGetLastError().decode())

    def entry(self, slices, outputs):
        how = ctypes.c_void_p()
        self.check(self.library.TreeliteGTILParseConfig(
            b'{"predict_type": "raw", "nthread": 1}', ctypes.byref(how)))
        return Entry("treelite_rows", self.library.TreeliteGTILPredict, self.model, (self.type, how))


PEERS = {
    "lightgbm": LightGBM, "xgboost": XGBoost, "onnxruntime": OnnxRuntime, "lleaves": Lleaves, "tl2cgen": Tl2cgen,
    "treelite": Treelite}
