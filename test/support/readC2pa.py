"""Prints what the C2PA project's own reader (c2pa-python, in Rust) says about image files, as JSON by file."""

import json
import sys

import c2pa


def read(path: str, authority: str | None) -> dict:
    trust = {"trust_anchors": open(authority, encoding="ascii").read()} if authority else {}
    settings = c2pa.Settings.from_json(json.dumps({"trust": trust, "verify": {"verify_trust": bool(authority)}}))
    with c2pa.Context(settings) as context, c2pa.Reader(path, context=context) as reader:
        manifests = json.loads(reader.json())
    active = manifests["manifests"][manifests["active_manifest"]]
    actions = next(each["data"] for each in active["assertions"] if each["label"].startswith("c2pa.actions"))
    failures = manifests["validation_results"]["activeManifest"]["failure"]
    return {
        "state": manifests["validation_state"],
        "failures": [each["code"] for each in failures],
        "generator": active["claim_generator_info"][0],
        "action": actions["actions"][0],
        "algorithm": active["signature_info"]["alg"],
    }


authority, *paths = sys.argv[1:]
print(json.dumps({path: read(path, authority or None) for path in paths}))
