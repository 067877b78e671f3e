"""Writes a fleet of 1,000 ModelDeployments in 100 folders, which refer to 20 Datasets and 3 Environments.

Usage: python3 generate_fleet.py FOLDER

All of them serve the same small model file, so that a rollout costs the controller's work and hardly any inference.
"""

import hashlib
import os
import random
import struct
import sys

FOLDERS, PER_FOLDER, DATASETS = 100, 10, 20
ENVIRONMENTS = {"development": "none", "staging": "push", "production": "push"}
ROWS = 400


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def port(name):
    """A ValueInfoProto: float, any number of rows, one column."""
    shape = field(1, field(2, "rows")) + field(1, field(1, 1))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def model():
    """`score = sigmoid(x)` as ONNX; protobuf by hand, since nothing but Python itself is asked for."""
    node = field(1, "x") + field(2, "score") + field(3, "score") + field(4, "Sigmoid")
    graph = field(1, node) + field(2, "fleet") + field(11, port("x")) + field(12, port("score"))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def dataset(seed):
    draw = random.Random(seed)
    lines = ["x,label,split"]
    for row in range(ROWS):
        x = draw.uniform(-2, 2)
        lines.append(f"{x:.4f},{'yes' if x + draw.gauss(0, 0.3) > 0 else 'no'},{'test' if row % 2 else 'train'}")
    return ("\n".join(lines) + "\n").encode()


def write(root, path, content):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def spec(kind, name, body):
    return f"apiVersion: headgate.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{body}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = sys.argv[1]
    artifact = model()
    write(root, "models/shared.onnx", artifact)
    for number in range(DATASETS):
        rows = dataset(number)
        write(root, f"data/rows-{number:02}.csv", rows)
        write(root, f"specs/datasets/rows-{number:02}.yaml", spec("Dataset", f"rows-{number:02}", f"""\
  file: {{path: ../../data/rows-{number:02}.csv, digest: sha256:{hashlib.sha256(rows).hexdigest()}}}
  label: {{column: label, positive: "yes"}}
  split: {{column: split}}
"""))
    for name, write_back in ENVIRONMENTS.items():
        write(root, f"specs/environments/{name}.yaml", spec("Environment", name, f"  writeBack: {write_back}\n"))
    names = list(ENVIRONMENTS)
    for number in range(FOLDERS * PER_FOLDER):
        name = f"model-{number:04}"
        data = f"rows-{number % DATASETS:02}"
        write(root, f"specs/team-{number // PER_FOLDER:02}/{name}.yaml", spec("ModelDeployment", name, f"""\
  environment: {names[number % len(names)]}
  model:
    artifact: {{path: ../../models/shared.onnx, digest: sha256:{hashlib.sha256(artifact).hexdigest()}}}
  gates:
  - quality: {{dataset: {data}, split: test, metric: roc_auc, atLeast: 0.8}}
  - security: {{}}
  rollout:
    steps: [{{weight: 5%}}, {{weight: 100%}}]
    advance: {{minSamples: 100, maxErrorRate: 1%, maxP99: 250ms, deadline: 10m}}
    onFailure: revert
"""))


if __name__ == "__main__":
    main()
