"""Prints a quantile of the latency a server measured between two of its status documents, in microseconds.

Usage: server_latency.py MODEL VERSION QUANTILE BEFORE AFTER
"""

import json
import sys


def histogram(document, model, version):
    """Counts by bucket of one version; empty when the server does not know it."""
    for entry in json.loads(document)["models"]:
        for status in entry["versions"] if entry["name"] == model else []:
            if status["version"] == version:
                pairs = status["traffic"]["latency"]
                return dict(zip(pairs[::2], pairs[1::2]))
    return {}


def middle(bucket):
    """The middle of a bucket: one microsecond wide below 64, then 64 buckets for each power of two."""
    if bucket < 64:
        return float(bucket)
    exponent, within = (bucket - 64) // 64 + 6, (bucket - 64) % 64
    return 2.0**exponent + (within + 0.5) * 2.0 ** (exponent - 6)


def main():
    model, version, quantile, before, after = sys.argv[1:]
    old, new = (histogram(document, model, int(version)) for document in (before, after))
    counts = sorted((bucket, count - old.get(bucket, 0)) for bucket, count in new.items())
    rank, seen = float(quantile) * sum(count for _, count in counts), 0
    for bucket, count in counts:
        seen += count
        if count and seen >= rank:
            print(middle(bucket))
            return
    sys.exit(f"no answers of {model} {version}")


main()
