#!/usr/bin/env python3
"""What a checker of htsget services asks, over the real server: one id in all its formats, whole,
plain and encrypted (encryptionScheme=c4gh), put together from its ticket as strangers' clients do
it, and judged by htsfile, samtools and bcftools. And Crypt4GH over HTTP with another programme that
knows it, where there is one: `crypt4gh`, the reference implementation, is in no Debian package.

    tests/interop/htsget_test.py
"""
import base64
import json
import os
import shutil
import subprocess
import unittest
import urllib.parse

import interop
from genomes import Genome

# Kind, id, and what the file of each format is called beside it.
IDS = (("reads", "study/one", {"BAM": "bam", "CRAM": "cram"}),
       ("variants", "study/calls", {"VCF": "vcf.gz", "BCF": "bcf"}))
HTSFILE = {"BAM": "BAM version 1", "CRAM": "CRAM version 3", "VCF": "VCF version 4",
           "BCF": "BCF version 2"}
READER = "reader"  # of answers that are encrypted for nobody named
REFERENCE = shutil.which("crypt4gh")
INLINE = "data:;base64,"  # the only form of inline data that all clients take


class Htsget(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = interop.temporary_directory()
        cls.genome = Genome(pairs=2_000)
        cls.server = interop.start(f'[genomics]\ncrypt4gh_recipient = "{READER}"\n')
        cls.origin = f"http://127.0.0.1:{cls.server.http_port}"
        cls.upload("reference", cls.genome.path("fa"))
        for _, name, formats in IDS:
            for ending in formats.values():
                cls.upload(f"{name}.{ending}", cls.genome.path(ending))
        status, _, errors = interop.medarc("keys", "make", cls.path(READER))
        assert status == 0, errors
        status, _, answer = cls.server.request("PUT", f"/genomics/crypt4gh/recipients/{READER}",
                                               interop.read(cls.path(READER + ".pub")))
        assert status == 201, answer

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end by itself"

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    @classmethod
    def upload(cls, file_id, path):
        query = urllib.parse.urlencode({"id": file_id})
        status, _, answer = cls.server.request("POST", f"/genomics/files?{query}",
                                               interop.read(path))
        assert status == 201, answer
        return json.loads(answer)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def out(self, *words):
        environment = {"REF_PATH": f"{self.origin}/refget/sequence/%s",
                       "REF_CACHE": os.path.join(self.genome.directory, "cache", "%s")}
        status, out = interop.run(*words, environment=environment)
        self.assertEqual(status, 0, out)
        return out

    def records(self, form, path):
        """The eleven fields of reads that every format keeps; lines of variants."""
        if form in ("VCF", "BCF"):
            return self.out("bcftools", "view", "-H", path)
        lines = self.out("samtools", "view", path).splitlines()
        return "\n".join("\t".join(line.split("\t")[:11]) for line in lines)

    def decrypt(self, data, *programme):
        done = subprocess.run(programme, input=data, capture_output=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def ticket(self, path, query):
        status, headers, body = self.server.request("GET", f"{path}?{query}")
        self.assertEqual(status, 200, body)
        self.assertTrue(headers["Content-Type"].startswith("application/vnd.ga4gh.htsget."))
        answer = json.loads(body)
        self.assertEqual(list(answer), ["htsget"])
        ticket = answer["htsget"]
        self.assertLessEqual({"format", "urls"}, set(ticket))
        self.assertLessEqual(set(ticket), {"format", "urls", "md5"}, "nothing else")
        self.assertTrue(ticket["urls"])
        classes = [one["class"] for one in ticket["urls"] if "class" in one]
        self.assertIn(len(classes), (0, len(ticket["urls"])), "on all or on none")
        self.assertLessEqual(set(classes), {"header", "body"})
        for one in ticket["urls"]:
            self.assertLessEqual(set(one), {"url", "class", "headers"})
            self.assertTrue(all(isinstance(value, str)
                                for value in one.get("headers", {}).values()))
        return ticket

    def joined(self, ticket, query=""):
        """Every url of it, one after the other. Some clients repeat their own query at each."""
        out = b""
        for one in ticket["urls"]:
            url = one["url"]
            if url.startswith("data:"):
                self.assertTrue(url.startswith(INLINE), url[:40])
                out += base64.b64decode(url[len(INLINE):], validate=True)
                continue
            self.assertTrue(url.startswith(self.origin + "/"), url)
            more = ("&" if "?" in url else "?") + query if query else ""
            status, _, body = self.server.request("GET", url[len(self.origin):] + more,
                                                  headers=one.get("headers", {}))
            self.assertEqual(status, 200, body)
            out += body
        return out

    def cases(self):
        """Path, query, the format that is expected and the file it is of."""
        for kind, name, formats in IDS:
            default = next(iter(formats))
            for asked in (None, *formats):
                ending = formats[asked or default]
                query = {"format": asked} if asked else {}
                yield (f"/htsget/{kind}/{name}", query, asked or default,
                       self.genome.path(ending), ending)

    def test_one_id_in_all_its_formats(self):
        for path, query, form, original, ending in self.cases():
            with self.subTest(path=path, **query):
                text = urllib.parse.urlencode(query)
                ticket = self.ticket(path, text)
                self.assertEqual(ticket["format"], form)
                data = self.joined(ticket)
                self.assertEqual(self.joined(ticket, text), data, "a query is passed over there")
                answer = self.write("answer." + ending, data)
                self.assertIn(HTSFILE[form], self.out("htsfile", answer))
                self.assertEqual(self.records(form, answer), self.records(form, original))

    def test_one_id_in_all_its_formats_encrypted(self):
        for path, query, form, original, ending in self.cases():
            with self.subTest(path=path, **query):
                text = urllib.parse.urlencode({**query, "encryptionScheme": "c4gh"})
                ticket = self.ticket(path, text)
                self.assertEqual(ticket["format"], form, "of what is within")
                data = self.joined(ticket, text)
                answer = self.write("answer." + ending, data)
                self.assertIn("crypt4gh", self.out("htsfile", answer))
                plain = self.decrypt(data, interop.BINARY, "decrypt", "--key",
                                     self.path(READER + ".sec"))
                self.assertEqual(plain, interop.read(original), "as it is stored")
                answer = self.write("answer." + ending, plain)
                self.assertIn(HTSFILE[form], self.out("htsfile", answer))
                self.assertEqual(self.records(form, answer), self.records(form, original))
                if REFERENCE:
                    self.assertEqual(self.decrypt(data, REFERENCE, "decrypt", "--sk",
                                                  self.path(READER + ".sec")), plain)

    def test_service_info(self):
        for kind, _, formats in IDS:
            status, _, body = self.server.request("GET", f"/htsget/{kind}/service-info")
            self.assertEqual(status, 200)
            info = json.loads(body)
            for name in ("id", "name", "version"):
                self.assertTrue(info[name], name)
            self.assertEqual(set(info["organization"]), {"name", "url"})
            self.assertEqual((info["type"]["group"], info["type"]["artifact"]),
                             ("org.ga4gh", "htsget"))
            self.assertEqual(info["htsget"]["datatype"], kind)
            self.assertEqual(info["htsget"]["formats"], list(formats))

    def test_what_there_is_not(self):
        for path in ("/htsget/reads/study/none", "/htsget/variants/study/one",
                     "/htsget/reads/study"):
            for query in ("", "?format=CRAM", "?encryptionScheme=c4gh"):
                status, headers, body = self.server.request("GET", path + query)
                if path.startswith("/htsget/variants") and "CRAM" in query:
                    self.assertEqual((status, json.loads(body)["htsget"]["error"]),
                                     (400, "UnsupportedFormat"))
                    continue
                self.assertEqual(status, 404, path + query)
                self.assertEqual(headers["Content-Type"], "application/json")
                self.assertEqual(json.loads(body)["htsget"]["error"], "NotFound")

    @unittest.skipUnless(REFERENCE, "the reference implementation of Crypt4GH is not installed")
    def test_crypt4gh_of_others(self):
        secret = self.path(READER + ".sec")
        key = base64.b64encode(base64.b64decode(
            interop.read(self.path(READER + ".pub")).split(b"\n")[1])).decode()
        original = interop.read(self.genome.path("bam"))
        # Out: the whole, and what a download that broke is completed with.
        path = "/genomics/files/study/one.bam/content?" + urllib.parse.urlencode(
            {"encryption": "crypt4gh", "key": key})
        status, headers, whole = self.server.request("GET", path)
        self.assertEqual(status, 200, whole)
        self.assertEqual(self.decrypt(whole, REFERENCE, "decrypt", "--sk", secret), original)
        status, _, rest = self.server.request(
            "GET", path, headers={"Range": "bytes=70000-", "If-Range": headers["ETag"]})
        self.assertEqual((status, whole[:70_000] + rest), (206, whole))
        # In: for the server's key; whole, and of a part by an edit list.
        status, _, own = self.server.request("GET", "/genomics/crypt4gh/key")
        self.assertEqual(status, 200)
        own = self.write("server.pub", own)
        sealed = self.decrypt(original, REFERENCE, "encrypt", "--sk", secret, "--recipient_pk", own)
        self.assert_taken("whole", sealed, original)
        reads = b"".join(b"@read%06d\n%s\n+\n%s\n" % (n, b"ACGT" * 25, b"I" * 100)
                         for n in range(1_000))
        record = len(reads) // 1_000
        sealed = self.decrypt(reads, REFERENCE, "encrypt", "--sk", secret, "--recipient_pk",
                              self.path(READER + ".pub"))
        edited = self.decrypt(sealed, REFERENCE, "rearrange", "--sk", secret, "--range",
                              f"{400 * record}-{900 * record}")
        wanted = self.decrypt(edited, REFERENCE, "decrypt", "--sk", secret)
        self.assertTrue(wanted.startswith(b"@read000400\n"))
        self.assert_taken("part", self.decrypt(edited, REFERENCE, "reencrypt", "--sk", secret,
                                               "--recipient_pk", own), wanted)

    def assert_taken(self, name, sealed, wanted):
        row = self.upload(name, self.write("sealed", sealed))
        self.assertEqual(row["statistics"]["receivedAs"]["encryption"], "crypt4gh")
        self.assertEqual(self.server.request("GET", f"/genomics/files/{name}/content")[2], wanted)


if __name__ == "__main__":
    interop.main(programmes=["samtools", "bcftools", "htsfile"])
