"""Crawls a server with the OASIS client and adds objects to it; prints what it saw as JSON: crawl.py URL USER PASSWORD."""
import json
import sys

from taxii2client.v21 import Server, as_pages

url, user, password = sys.argv[1:4]
server = Server(url, user=user, password=password)
out = {"title": server.title, "roots": [r.title for r in server.api_roots], "default": server.default.title, "collections": {}}
for root in server.api_roots:
    for c in root.collections:
        if not c.can_read:
            continue
        objects = [o["id"] for page in as_pages(c.get_objects, per_request=3) for o in page.get("objects", [])]
        manifest = [o["id"] for page in as_pages(c.get_manifest, per_request=2) for o in page.get("objects", [])]
        versions = {i: c.object_versions(i)["versions"] for i in sorted(set(objects))}
        out["collections"][c.id] = {"objects": objects, "manifest": manifest, "versions": versions}
        if c.can_write:
            new = [{"type": "tool", "spec_version": "2.1", "id": "tool--00000000-0000-4000-8000-%012d" % i, "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "x"} for i in range(30)]
            status = c.add_objects({"objects": new}, wait_for_completion=True)
            out["added"] = out.get("added", 0) + status.success_count
            out["tools"] = out.get("tools", 0) + sum(len(p.get("objects", [])) for p in as_pages(c.get_objects, per_request=7, type="tool"))
            c.delete_object(new[3]["id"])
            out["left"] = out.get("left", 0) + sum(len(p.get("objects", [])) for p in as_pages(c.get_objects, per_request=7, type="tool"))
print(json.dumps(out))
