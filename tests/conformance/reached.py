#!/usr/bin/env python3
"""Holds the requests of a run against the operations that an API describes.

    reached.py OPENAPI.json REQUESTS.har

Ends with 1 where an operation was never asked, or where the description refers to what it does not hold, and names it.
"""

import json
import re
import sys
from urllib.parse import urlsplit

api, requests = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
METHODS = ("get", "put", "post", "delete", "patch")
operations = [(path, method) for path, at in api["paths"].items() for method in METHODS if method in at]
# Where several paths fit, the one with the most literal parts is meant.
operations.sort(key=lambda operation: operation[0].count("{"))
patterns = {path: re.compile(re.sub(r"\\{[^/]*?\\}", "[^/]*", re.escape(path)) + "$") for path, _ in operations}
asked = dict.fromkeys(operations, 0)
for entry in requests["log"]["entries"]:
    request = entry["request"]
    path, method = urlsplit(request["url"]).path, request["method"].lower()
    fits = (operation for operation in operations if operation[1] == method and patterns[operation[0]].match(path))
    operation = next(fits, None)
    if operation:
        asked[operation] += 1


def references(node):
    """All that a description refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


def is_held(reference):
    at = api
    for part in reference.removeprefix("#/").split("/"):
        at = at.get(part) if isinstance(at, dict) else None
    return at is not None


dangling = sorted({reference for reference in references(api) if not is_held(reference)})
missing = [f"{method.upper()} {path}" for (path, method), count in asked.items() if count == 0]
print(f"{len(asked) - len(missing)} of {len(asked)} operations were asked, {sum(asked.values())} requests")
for operation in missing:
    print(f"never asked: {operation}")
for reference in dangling:
    print(f"refers to nothing: {reference}")
sys.exit(1 if missing or dangling or not asked else 0)
