"""Checks Attack Flow bundles against the published schemas, and an ATT&CK Navigator layer with MITRE's library.

Usage: schemas.py ATTACK_FLOW_CHECKOUT LAYER BUNDLE...
"""
import json
import pathlib
import sys

import jsonschema
import referencing
from mitreattack.navlayers import Layer

root = pathlib.Path(sys.argv[1]) / "stix"


def retrieve(uri):
    # The schemas name those of STIX by addresses of two branches; the checkout has them.
    tail = uri.split("/schemas/", 1)[1].split("#", 1)[0]
    for folder in ("oasis-open",):
        path = root / folder / tail
        if path.exists():
            return referencing.Resource.from_contents(
                json.loads(path.read_text()), default_specification=referencing.jsonschema.DRAFT202012)
    raise LookupError(uri)


import referencing.jsonschema  # noqa: E402

schema = json.loads((root / "attack-flow-schema-2.0.0.json").read_text())
validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry(retrieve=retrieve))
bad = checked = 0
for name in sys.argv[3:]:
    for o in json.loads(pathlib.Path(name).read_text())["objects"]:
        if not o["type"].startswith("attack-"):
            continue
        checked += 1
        for e in validator.iter_errors(o):
            bad += 1
            print(name, o["type"], e.json_path, e.message[:300])

layer = Layer(strict=True)
layer.from_file(sys.argv[2])
if layer.layer is None or not layer.layer.techniques:
    bad += 1
    print("the layer was not taken")
print(checked, "extension objects valid" if not bad else "objects checked")
sys.exit(1 if bad else 0)
