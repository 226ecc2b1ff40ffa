"""Serves a file of the OASIS TAXII server's tests: serve.py FILE PORT."""
import json
import logging
import sys
import tempfile

import medallion

logging.getLogger("werkzeug").setLevel(logging.ERROR)
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as f:
    json.dump({
        "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": sys.argv[1], "session_timeout": 300},
        "users": {"admin": "Password0123"},
        "taxii": {"max_page_size": 20},
    }, f)
medallion.load_app(f.name).run(host="127.0.0.1", port=int(sys.argv[2]), debug=False, threaded=False)
