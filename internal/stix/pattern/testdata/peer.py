"""What the OASIS matcher says. Run by TestPeer.

own      every pattern of the matcher's own tests, with its observations and verdict
ask      reads [{"pattern", "objects"}] from standard input and answers each

A verdict is "match", "no match" or "error: why". Patterns are of STIX 2.1, as
observations are, unless "version" says 2.0."""
import copy, importlib, json, os, pkgutil, sys
import stix2matcher.matcher as m

def verdict(pattern, observed, version):
    try:
        return "match" if real(pattern, observed, stix_version=version) else "no match"
    except Exception as e:
        return "error: %s: %s" % (type(e).__name__, str(e).replace("\n", " ")[:200])

real = m.match

def own():
    import pytest
    seen = []
    for version in ("v20", "v21"):
        package = importlib.import_module("stix2matcher.test." + version)
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(package.__name__ + "." + info.name)
            if not hasattr(module, "match"):
                continue
            def record(pattern, observed, verbose=False, stix_version=m.DEFAULT_VERSION):
                if observed and isinstance(observed[0], dict):
                    seen.append({"pattern": pattern, "objects": copy.deepcopy(observed), "version": stix_version,
                                 "verdict": verdict(pattern, observed, stix_version)})
                return real(pattern, observed, verbose, stix_version)
            module.match = record
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    pytest.main(["-q", "-p", "no:cacheprovider", os.path.dirname(importlib.import_module("stix2matcher.test").__file__)])
    os.dup2(out, 1)
    json.dump(seen, sys.stdout)

def ask():
    cases = json.load(sys.stdin)
    json.dump([verdict(c["pattern"], [{"type": "bundle", "objects": c["objects"]}], "2.1") for c in cases], sys.stdout)

own() if sys.argv[1] == "own" else ask()
