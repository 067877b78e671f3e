"""Compiles the ensembles with the peers that make code of them, and says in compiled.json how many seconds that took.

    compile_trees.py FOLDER COMPILER

What takes longer than LIMIT is given up, and has null there.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

# Seconds. The slowest took 255 on one processor.
LIMIT = 600
JOBS = [
    ("lleaves", "lightgbm-100x63"), ("tl2cgen", "lightgbm-100x63"), ("tl2cgen", "xgboost-100x6"),
    ("lleaves", "lightgbm-1000x255"), ("tl2cgen", "lightgbm-1000x255"), ("tl2cgen", "xgboost-1000x8")]


def compile_lleaves(model, target, compiler):
    import lleaves

    forest = lleaves.Model(str(model.with_suffix(".txt")))
    large = forest.num_trees() > 100
    # Of what its documentation offers, what was fastest: the small code model, and blocks of trees the smaller the deeper
    # these are, for single rows too. Inlined, which gains a tenth, 1,000 trees take longer than the limit.
    code = target.with_suffix(".o")
    forest.compile(cache=code, fcodemodel="small", fblocksize=1 if large else 5, finline=not large)
    subprocess.run([compiler, "-shared", "-o", target, code], check=True)
    code.unlink()


def compile_tl2cgen(model, target, compiler):
    import tl2cgen
    import treelite

    if "lightgbm" in model.name:
        forest = treelite.frontend.load_lightgbm_model(str(model.with_suffix(".txt")))
    else:
        forest = treelite.frontend.load_xgboost_model(str(model.with_suffix(".ubj")))
    processors = len(os.sched_getaffinity(0))
    units = max(forest.num_tree // 10, processors)
    tl2cgen.export_lib(
        forest, toolchain=compiler, libpath=target, params={"parallel_comp": units}, nthread=processors)


def within_limit(job, folder, compiler):
    """Runs a job in a process of its own; gives its seconds, or none when it was ended for having taken too long."""
    began = time.monotonic()
    # Compilers leave files behind when they are ended.
    with tempfile.TemporaryDirectory() as temporary:
        process = subprocess.Popen(
            [sys.executable, __file__, folder, compiler, *job], start_new_session=True,
            env=os.environ | {"TMPDIR": temporary}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, errors = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Compilers are children of the job; without it they would go on after an interrupt, too.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            sys.exit(f"{' '.join(job)}: {errors[-2000:]}")
    return round(time.monotonic() - began, 1)


def main():
    folder, compiler, *job = sys.argv[1:]
    folder = pathlib.Path(folder)
    if job:
        peer, name = job
        compile_one = {"lleaves": compile_lleaves, "tl2cgen": compile_tl2cgen}[peer]
        compile_one(folder / name, folder / f"{name}.{peer}.so", compiler)
        return
    seconds = {}
    for peer, name in JOBS:
        print(f"compiling {name} for {peer}, {LIMIT} s at most", file=sys.stderr, flush=True)
        seconds[f"{name}.{peer}"] = within_limit((peer, name), folder, compiler)
    (folder / "compiled.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()
