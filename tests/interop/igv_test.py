#!/usr/bin/env python3
"""igv.js, as its makers built it, in a browser: a page with a reference from refget's files, a BAM by
its index, the same BAM by htsget, and a VCF. It draws all of them, and every request is answered.

    tests/interop/igv_test.py [--pictures DIRECTORY]     also keeps a picture of what it showed
"""
import json
import os
import sys
import unittest

import interop
from genomes import Genome

PICTURES = ""
REGION = "chr1:20000-20400"
IGV = os.path.join(interop.NODE_MODULES, "igv", "dist")


class Igv(unittest.TestCase):
    def test_igv_shows_reads_and_variants(self):
        genome = Genome()
        server = interop.start()
        genome.store(server)
        origin = f"http://127.0.0.1:{server.http_port}"
        out = interop.node("igv.mjs", {
            "chromium": "/usr/bin/chromium", "server": origin,
            "page": interop.serve_directory(IGV), "region": REGION,
            "pictures": PICTURES}, timeout_s=600)
        self.assertEqual(server.stop(), 0)
        print(json.dumps({key: value for key, value in out.items() if key != "asked"}))
        self.assertEqual(out["failed"], [], "requests to Medarc failed")
        self.assertEqual(out["errors"], [])
        names = [track["name"] for track in out["tracks"]]
        self.assertEqual(names, ["Reads (index)", "Reads (htsget)", "Variants"])
        _, reads = interop.run("samtools", "view", "-c", genome.path("bam"), REGION)
        _, variants = interop.run("bcftools", "view", "-H", "-r", REGION, genome.path("vcf.gz"))
        by_index, by_htsget, calls = out["tracks"]
        self.assertEqual(by_index["features"], int(reads))
        self.assertEqual(by_htsget["features"], int(reads))
        self.assertEqual(calls["features"], len(variants.splitlines()))
        for track in out["tracks"]:
            self.assertGreater(track["drawn"], 100, f"{track['name']} is not drawn")
        self.assertTrue(any("/htsget/reads/" in line for line in out["asked"]), out["asked"][:20])
        self.assertTrue(any("bam.bai" in line for line in out["asked"]), out["asked"][:20])


if __name__ == "__main__":
    if "--pictures" in sys.argv:
        at = sys.argv.index("--pictures")
        PICTURES = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    interop.main(programmes=["node", "chromium", "samtools", "bcftools"],
                 npm=["igv", "playwright-core"])
