#!/usr/bin/env python3
"""The programmes of bioinformaticians, unmodified, over the real server: samtools, bcftools, tabix,
pysam, and the readers of JBrowse (@gmod/*). Each gets regions by Range and index, and as htsget
tickets where it knows them; what it reads equals what it reads of the original file.

    tests/interop/genomics_test.py
"""
import json
import os
import subprocess
import unittest

import interop
from genomes import Genome

REGIONS = 12
# Debian's pysam belongs to Debian's Python, which need not be the one that runs this.
PYTHON = "/usr/bin/python3"
PYSAM = "/usr/lib/python3/dist-packages/pysam/__init__.py"
PYSAM_CLIENT = os.path.join(interop.HERE, "pysam_client.py")


class Genomics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.genome = Genome()
        cls.server = interop.start()
        cls.genome.store(cls.server)
        cls.origin = f"http://127.0.0.1:{cls.server.http_port}"
        cls.regions = cls.genome.regions(REGIONS)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end by itself"

    def out(self, *words, **more):
        # Indexes that HTSlib fetches are left in the working directory.
        environment = {"REF_PATH": f"{self.origin}/refget/sequence/%s",
                       "REF_CACHE": os.path.join(self.genome.directory, "cache", "%s")}
        status, out = interop.run(*words, directory=interop.temporary_directory(),
                                  environment={**environment, **more})
        self.assertEqual(status, 0, out)
        return out

    def range_url(self, name, ending):
        return f"{self.origin}/genomics/files/{name}/{name}.{ending}"

    def ticket_url(self, kind, name, region, more=""):
        reference, _, span = region.partition(":")
        url = f"{self.origin}/htsget/{kind}/{name}?referenceName={reference}{more}"
        if span:
            begin, end = span.split("-")
            url += f"&start={int(begin) - 1}&end={end}"
        return url

    def test_samtools(self):
        for region in self.regions:
            theirs = self.out("samtools", "view", self.genome.path("bam"), region)
            self.assertEqual(self.out("samtools", "view", self.range_url("bam", "bam"), region),
                             theirs, region)
            self.assertEqual(self.out("samtools", "view", self.ticket_url("reads", "bam", region)),
                             theirs, region)
            theirs = self.out("samtools", "view", self.genome.path("cram"), region)
            self.assertEqual(self.out("samtools", "view", self.range_url("cram", "cram"), region),
                             theirs, region)
        whole = f"{self.origin}/htsget/reads/bam"
        for verb in ("flagstat", "stats"):
            def numbers(text):
                return [line for line in text.splitlines() if not line.startswith("#")]
            self.assertEqual(numbers(self.out("samtools", verb, whole)),
                             numbers(self.out("samtools", verb, self.genome.path("bam"))))
        self.assertEqual(self.out("samtools", "idxstats", self.range_url("bam", "bam")),
                         self.out("samtools", "idxstats", self.genome.path("bam")))

    def test_bcftools_and_tabix(self):
        for region in self.regions:
            theirs = self.out("bcftools", "view", "-H", "-r", region, self.genome.path("vcf.gz"))
            for url in (self.range_url("vcf", "vcf.gz"), self.range_url("bcf", "bcf")):
                self.assertEqual(self.out("bcftools", "view", "-H", "-r", region, url), theirs,
                                 region)
            self.assertEqual(
                self.out("bcftools", "view", "-H", self.ticket_url("variants", "vcf", region)),
                theirs, region)
            bcf = self.ticket_url("variants", "bcf", region, "&format=BCF")
            self.assertEqual(self.out("bcftools", "view", "-H", bcf), theirs, region)
            self.assertEqual(self.out("tabix", self.range_url("vcf", "vcf.gz"), region),
                             self.out("tabix", self.genome.path("vcf.gz"), region), region)

    def client(self, bam, vcf, cram, tickets=""):
        done = subprocess.run(
            [PYTHON, PYSAM_CLIENT], check=False, timeout=300, capture_output=True,
            cwd=interop.temporary_directory(),
            env={**os.environ, "REF_PATH": f"{self.origin}/refget/sequence/%s",
                 "REF_CACHE": os.path.join(self.genome.directory, "cache", "%s")},
            input=json.dumps({"bam": bam, "vcf": vcf, "cram": cram, "tickets": tickets,
                              "regions": self.regions}).encode())
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        return json.loads(done.stdout)

    @unittest.skipUnless(os.path.exists(PYSAM), "python3-pysam is not installed")
    def test_pysam(self):
        theirs = self.client(self.genome.path("bam"), self.genome.path("vcf.gz"),
                             self.genome.path("cram"))
        ours = self.client(self.range_url("bam", "bam"), self.range_url("vcf", "vcf.gz"),
                           self.range_url("cram", "cram"), f"{self.origin}/htsget/reads/bam")
        self.assertEqual(ours.pop("tickets"), theirs["reads"])
        theirs.pop("tickets")
        self.assertGreater(max(r["reads"] for r in theirs["reads"]), 1000)
        self.assertEqual(ours, theirs)

    def test_gmod(self):
        out = interop.node("genomes_client.mjs", {
            "origin": self.origin, "directory": self.genome.directory, "regions": self.regions,
            "sequences": {name: len(letters) for name, letters in self.genome.letters.items()}})
        for region, seen in zip(self.regions, out, strict=True):
            for kind in ("bam", "cram", "vcf"):
                self.assertEqual(seen[kind], seen[kind + "Here"], f"{kind} {region}")
            # A ticket's records are exact; what lies beside them, a reader of files may add.
            lines = self.out("samtools", "view", self.genome.path("bam"), region).splitlines()
            reads = [" ".join(line.split("\t")[i] for i in (0, 3, 5)) for line in lines]
            self.assertEqual(seen["tickets"], reads, region)
            lines = self.out("tabix", self.genome.path("vcf.gz"), region).splitlines()
            self.assertEqual(seen["parsed"], [" ".join(line.split("\t")[i] for i in (1, 9))
                                              for line in lines], region)


if __name__ == "__main__":
    interop.main(programmes=["node", "samtools", "bcftools", "tabix"], files=[PYSAM],
                 npm=["@gmod/bam", "@gmod/tabix", "@gmod/vcf", "@gmod/cram"])
