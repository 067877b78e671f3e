#!/usr/bin/env bash
# Measures the product of float matrices beside numpy's, which is OpenBLAS's, in one thread of one process.
#
#   bash examples/benchmarks/matrix.sh [ROUNDS]     prints GFLOP/s of both and their ratio; about a minute
#
# HEADGATE_KERNELS    reference, avx2 or avx512 instead of the best for this CPU
# OPENBLAS_CORETYPE   OpenBLAS's kernels (default SkylakeX where the CPU has AVX-512: on virtual machines it may
#                     not recognise the CPU, and would then take slower ones)
# PYTHON              a Python with numpy (default python3)
# CC                  a clang (default clang), which compiles the kernels as a release build does
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernels=$here/../../Sources/HeadgateKernels
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CC:-clang}" -O2 -shared -fPIC -I"$kernels/include" "$kernels"/*.c -o "$folder/kernels.so"
if grep -qw avx512f /proc/cpuinfo; then export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SkylakeX}; fi
export OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
"${PYTHON:-python3}" "$here/measure_matrix.py" "$folder/kernels.so" "${1:-15}"
