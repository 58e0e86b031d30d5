#!/usr/bin/env python3
"""OHIF, as its makers built it, in a browser: only its configuration names Medarc. It lists the
studies, opens and scrolls a CT series, plays a multi-frame object, shows HTJ2K images that are stored
as such.

    tests/interop/viewer_test.py [--pictures DIRECTORY]     also keeps pictures of what it showed
"""
import http.server
import json
import os
import sys
import threading
import unittest

import interop
from part10 import Envelope

DIST = os.path.join(interop.TOP, ".cache", "ohif", "dist")
SLICES = 24
PICTURES = ""

CONFIGURATION = """window.config = {
  name: 'medarc', routerBasename: '/', extensions: [], modes: [], showStudyList: true,
  maxNumberOfWebWorkers: 2, showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false, investigationalUseDialog: { option: 'never' },
  defaultDataSourceName: 'medarc',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'medarc',
    configuration: {
      friendlyName: 'Medarc', name: 'medarc', wadoUriRoot: 'SERVER/wado',
      qidoRoot: 'SERVER/dicom-web', wadoRoot: 'SERVER/dicom-web',
      qidoSupportsIncludeField: true, supportsFuzzyMatching: true, supportsWildcard: true,
      imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      bulkDataURI: { enabled: true },
    },
  }],
};
"""


class _Application(http.server.SimpleHTTPRequestHandler):
    """The built application; unknown paths are its own routes."""
    configuration = b""

    def __init__(self, *words):
        super().__init__(*words, directory=DIST)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/app-config.js":
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.send_header("Content-Length", str(len(self.configuration)))
            self.end_headers()
            self.wfile.write(self.configuration)
            return
        if not os.path.isfile(os.path.join(DIST, path.lstrip("/"))):
            self.path = "/index.html"
        super().do_GET()

    def log_message(self, *_):
        pass


def serve_viewer(server):
    _Application.configuration = CONFIGURATION.replace("SERVER", server).encode()
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Application)
    files.daemon_threads = True
    threading.Thread(target=files.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{files.server_port}"


class Viewer(unittest.TestCase):
    def store_htj2k(self, sample, server):
        """The first CT slices once more, as a study of their own that is stored as HTJ2K."""
        study = interop.other_uid(sample.ct_study)
        changes = [(sample.ct_study, study), (sample.ct_series, interop.other_uid(sample.ct_series)),
                   ("CT chest", "CT HTJ2K"), ("A0000001", "A0000002")]
        files = []
        for path in sample.ct[:4]:
            uid = Envelope(interop.read(path)).instance
            file = interop.in_syntax(
                server, f"/dicom-web/studies/{sample.ct_study}/series/{sample.ct_series}/instances/"
                + uid, interop.HTJ2K, interop.other_uid(uid))
            for old, new in changes:
                file = file.replace(old.encode(), new.encode())
            files.append(file)
        status, answer = server.stow(files)
        self.assertEqual(status, 200, answer)
        _, syntax, _ = server.wado(f"/dicom-web/studies/{study}")
        self.assertEqual(syntax, interop.HTJ2K)
        return study

    def test_ohif_shows_what_is_stored(self):
        sample = interop.Sample(SLICES, 512, 20)
        server = interop.start()
        sample.store(server)
        htj2k = self.store_htj2k(sample, server)
        origin = f"http://127.0.0.1:{server.http_port}"
        out = interop.node("viewer.mjs", {
            "chromium": "/usr/bin/chromium", "server": origin, "viewer": serve_viewer(origin),
            "ct": sample.ct_study, "cine": sample.cine_study, "htj2k": htj2k,
            "pictures": PICTURES}, timeout_s=600)
        self.assertEqual(server.stop(), 0)
        print(json.dumps({key: value for key, value in out.items() if key != "asked"}))
        self.assertEqual(out["failed"], [], "requests to Medarc failed")
        self.assertEqual(out["listed"], 3)
        for name in ("ct", "cine", "htj2k"):
            shown = out[name]
            self.assertGreater(shown["grey_levels"], 20, f"{name} is not drawn")
            self.assertGreater(shown["drawn_percent"], 10, f"{name} is not drawn")
            self.assertGreaterEqual(shown["different_images"], 3, f"{name} does not scroll")
        self.assertTrue(any("/frames/" in line for line in out["asked"]), out["asked"][:20])
        as_stored = [line for line in out["asked"] if htj2k in line and "/frames/" in line]
        self.assertGreaterEqual(len(as_stored), 3)
        for line in as_stored:
            self.assertIn(f"transfer-syntax={interop.HTJ2K}", line)
        self.assertTrue(any("/metadata" in line for line in out["asked"]), out["asked"][:20])


if __name__ == "__main__":
    if "--pictures" in sys.argv:
        at = sys.argv.index("--pictures")
        PICTURES = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    interop.main(programmes=["node", "chromium"], npm=["playwright-core"],
                 fetched={"npm @ohif/app": os.path.join(DIST, "index.html")})
