"""Times one peer on one network and prints what `headgate bench -o json` prints, as far as it applies.

    peer_network.py onnxruntime|openvino MODEL INPUT BATCH SECONDS [bf16]

With bf16 OpenVINO computes in bfloat16 where it can; ONNX Runtime has no such mode.

All rows of the input are walked through in slices, after a warm-up, on one thread. Open extents are set to those of a
slice, as both projects recommend. `call_us` is what a call of a network of one small node takes: for the most part the
interface between Python and the runtime, which is in the times and which users of a C interface do not pay.
"""

import json
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper


def session(system, path, inputs, precision="f32"):
    """A function from arrays of the shapes of these inputs, by name, to the list of outputs."""
    if system == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
        for extent, size in extents(path, inputs).items():
            options.add_free_dimension_override_by_name(extent, size)
        loaded = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda inputs: loaded.run(None, inputs)
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape({name: array.shape for name, array in inputs.items()})
    compiled = core.compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": "1",
        "INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()
    return lambda inputs: list(request.infer(inputs, share_inputs=True, share_outputs=True).values())


def extents(path, inputs):
    """The sizes of the extents that a model leaves open, by their names."""
    sizes = {}
    for value in onnx.load(path, load_external_data=False).graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, inputs[value.name].shape, strict=True):
            if dim.dim_param:
                sizes[dim.dim_param] = size
    return sizes


def slices(inputs, batch):
    rows = min(len(array) for array in inputs.values())
    count = rows // batch
    if count == 0:
        sys.exit(f"the input has {rows} rows, which make no slice of {batch}")
    return [{name: array[i * batch:(i + 1) * batch] for name, array in inputs.items()} for i in range(count)]


def measure(run, inputs, seconds):
    """Wall and CPU times of calls in nanoseconds; peers may work on a thread of their own."""
    end, index = time.monotonic() + min(0.5, seconds), 0
    while index == 0 or time.monotonic() < end:
        run(inputs[index % len(inputs)])
        index += 1
    wall, cpu, end = [], [], time.monotonic() + seconds
    while not wall or time.monotonic() < end:
        values = inputs[index % len(inputs)]
        index += 1
        cpu_began, began = time.process_time_ns(), time.perf_counter_ns()
        run(values)
        ended, cpu_ended = time.perf_counter_ns(), time.process_time_ns()
        wall.append(ended - began)
        cpu.append(cpu_ended - cpu_began)
    return wall, cpu


def idle(system, inputs):
    """The median wall time of a call that gives the shape of an input."""
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    values = [
        helper.make_tensor_value_info(name, kinds[array.dtype], array.shape) for name, array in inputs.items()]
    nodes = [helper.make_node("Shape", [next(iter(inputs))], ["y"])]
    output = helper.make_tensor_value_info("y", TensorProto.INT64, [None])
    graph = helper.make_graph(nodes, "nothing", values, [output])
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        opset = helper.make_opsetid("", 14)
        onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), file.name)
        return np.median(measure(session(system, file.name, inputs), [inputs], 0.3)[0])


def main():
    system, model, path, batch, seconds, *precision = sys.argv[1:]
    inputs = slices(dict(np.load(path)), int(batch))
    began = time.perf_counter()
    run = session(system, model, inputs[0], *precision)
    load = time.perf_counter() - began
    wall, cpu = measure(run, inputs, float(seconds))

    def quantiles(times):
        return {f"p{p}": float(np.percentile(times, p, method="higher")) / 1e3 for p in (50, 90, 99)}

    json.dump({
        "wall_us": quantiles(wall), "cpu_us": quantiles(cpu), "calls": len(wall),
        "rows_per_second": int(batch) * len(wall) / (sum(wall) / 1e9), "load_ms": load * 1e3,
        "call_us": idle(system, inputs[0]) / 1e3}, sys.stdout)


if __name__ == "__main__":
    main()
