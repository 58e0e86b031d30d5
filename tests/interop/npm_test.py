#!/usr/bin/env python3
"""Clients of the JavaScript world: dcmjs-dimse in Node.js at the DICOM door, dicomweb-client in a
browser, from a page of another origin, at the HTTP door."""
import hashlib
import os
import unittest

import interop
from part10 import Envelope

SUCCESS, PENDING, DESTINATION_UNKNOWN = 0x0000, 0xFF00, 0xA801


class Npm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = interop.Sample()
        cls.move_port = interop.free_port()
        cls.server = interop.start(interop.peer("DCMJS", cls.move_port))

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end by itself"

    def test_dcmjs_dimse(self):
        # An HTJ2K image, which most toolkits cannot send: made by another server.
        maker = interop.start()
        self.sample.store(maker)
        first = Envelope(interop.read(self.sample.ct[0])).instance
        path = os.path.join(interop.temporary_directory(), "htj2k.dcm")
        with open(path, "wb") as file:
            file.write(interop.in_syntax(
                maker, "/dicom-web/studies/{ct_study}/series/{ct_series}/instances/".format(
                    **self.sample.facts) + first, interop.HTJ2K, interop.other_uid(first)))
        self.assertEqual(maker.stop(), 0)
        files = [{"path": p} for p in self.sample.ct] + [{"path": path,
                                                          "syntaxes": [interop.HTJ2K]}]
        out = interop.node("dimse_client.cjs", {
            "port": self.server.dicom_port, "movePort": self.move_port, "files": files,
            "study": self.sample.ct_study, "series": self.sample.ct_series})
        uids = sorted([Envelope(interop.read(f["path"])).instance for f in files])
        self.assertEqual(out["echo"], [SUCCESS])
        self.assertEqual(out["store"], [SUCCESS] * len(files))
        self.assertEqual([s["StudyInstanceUID"] for s in out["studies"]], [self.sample.ct_study])
        self.assertEqual(sorted(i["SOPInstanceUID"] for i in out["images"]), uids)
        self.assertEqual(sorted(out["get"]["uids"]), uids)
        self.assertEqual(out["get"]["statuses"][-1], SUCCESS)
        self.assertEqual(set(out["get"]["statuses"][:-1]), {PENDING})
        self.assertTrue(all(size > 0 for size in out["getPixels"]), out["getPixels"])
        self.assertEqual(sorted(out["move"]["uids"]), uids)
        self.assertEqual(out["move"]["statuses"][-1], SUCCESS)
        self.assertEqual(out["nowhere"], [DESTINATION_UNKNOWN])
        row, = self.server.qido("instances", SOPInstanceUID=uids[0], includefield="00083002")
        self.assertTrue(row)

    def test_dicomweb_client(self):
        facts = self.sample.facts
        out = interop.node("web_client.mjs", {
            "chromium": "/usr/bin/chromium", "files": self.sample.images,
            "origin": interop.serve_directory(interop.temporary_directory()),
            "server": f"http://127.0.0.1:{self.server.http_port}",
            "url": f"http://127.0.0.1:{self.server.http_port}/dicom-web",
            "study": facts["cine_study"], "series": facts["cine_series"],
            "instance": facts["cine_instance"],
            "syntax": {"type": "image/jls", "uid": interop.JPEG_LS}})
        file = interop.read(self.sample.cine)
        frame = 480 * 640
        pixels = file[-5 * frame:]
        digests = [hashlib.sha256(pixels[i * frame:(i + 1) * frame]).hexdigest() for i in range(5)]
        self.assertEqual(out["failed"], [])
        self.assertEqual(out["errors"], [])
        self.assertEqual(out["stored"], len(self.sample.images))
        self.assertEqual(sorted(out["studies"]), sorted([facts["ct_study"], facts["cine_study"]]))
        self.assertEqual(out["nobody"], 0)
        self.assertEqual(out["series"], [facts["cine_series"]])
        self.assertEqual(out["instances"], [facts["cine_instance"]])
        self.assertEqual(out["metadata"], [facts["cine_instance"]])
        self.assertEqual(out["frames"], [digests[0], digests[2]])
        self.assertEqual(out["compressed"], "255 216 255 247")  # SOI, SOF55: JPEG-LS
        self.assertEqual(out["whole"], hashlib.sha256(file).hexdigest())
        self.assertEqual((out["all"], out["study"]), (1, 1))
        self.assertEqual(out["rendered"], "137 80 78 71")
        self.assertEqual(out["thumbnail"], "255 216")
        self.assertEqual(out["bulk"], hashlib.sha256(pixels).hexdigest())


if __name__ == "__main__":
    interop.main(programmes=["node", "chromium"],
                 npm=["dcmjs-dimse", "dicomweb-client", "playwright-core"])
