#!/usr/bin/env python3
"""DCMTK's programmes against a running server: echo, store, find, move, get,
TLS, a request to end."""
import glob
import hashlib
import os
import re
import unittest

import interop
from part10 import EXPLICIT, Envelope, compare

STUDY_LEVEL, SERIES_LEVEL, IMAGE_LEVEL = ("0008,0052=" + level
                                          for level in ("STUDY", "SERIES", "IMAGE"))
NAME = "Ahlgren^Signe"


def dataset(path):
    file = interop.read(path)
    envelope = Envelope(file)
    return file[envelope.length:], envelope.syntax


def found(output):
    """The answers findscu printed: a dictionary each, of values by tag."""
    answers = []
    for line in output.splitlines():
        line = re.sub(r"^[A-Z]: ", "", line)
        if re.match(r"Find Response: ", line) or "Find Response:" in line:
            answers.append({})
        element = re.match(r"\(([0-9a-f]{4},[0-9a-f]{4})\) .. (?:\[(.*)\]|=?(\S+))", line)
        if element and answers:
            answers[-1].setdefault(element.group(1), (element.group(2) or "").strip(" \0"))
    return answers


class Dcmtk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = interop.Sample()
        cls.move_port = interop.free_port()
        cls.directory = interop.temporary_directory()
        cls.make_certificates()
        cls.tls_port = interop.free_port()
        files = {name: os.path.join(cls.directory, name + ".pem") for name in ("archive", "ca")}
        cls.server = interop.start(
            interop.peer("ECHOSCU") + interop.peer("STORESCU") + interop.peer("DCMSEND") +
            interop.peer("FINDSCU") + interop.peer("GETSCU") + interop.peer("TERMSCU") +
            interop.peer("MOVESCU", cls.move_port) +
            f'[server]\ndicom_tls = "127.0.0.1:{cls.tls_port}"\n'
            f'[tls]\ncertificate = "{files["archive"]}"\nkey = "{cls.directory}/archive.key"\n'
            f'authorities = "{files["ca"]}"\n')
        cls.at = ["-aec", "MEDARC", "127.0.0.1", cls.server.dicom_port]

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "the server did not end by itself"

    @classmethod
    def make_certificates(cls):
        """An authority, a certificate of the archive, one of a caller, one of a stranger."""
        def openssl(*words):
            code, output = interop.run("openssl", *words, directory=cls.directory)
            assert code == 0, output
        for authority in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    f"/CN=Test-{authority}", "-keyout", authority + ".key", "-out",
                    authority + ".pem")
        for name, authority in (("archive", "ca"), ("caller", "ca"), ("stranger", "other")):
            openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout",
                    name + ".key", "-out", name + ".csr")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
                    authority + ".key", "-CAcreateserial", "-days", "2", "-out", name + ".pem")

    def ran(self, *words, code=0):
        done, output = interop.run(*words)
        self.assertEqual(done, code, output)
        return output

    def stored(self):
        """SOP Instance UIDs the archive has."""
        return {row["00080018"]["Value"][0] for row in self.server.qido("instances")}

    def find(self, *keys, model="-S", level=STUDY_LEVEL):
        words = [word for key in (level,) + keys for word in ("-k", key)]
        return found(self.ran("findscu", "-v", model, *words, *self.at))

    def test_10_echoscu(self):
        self.ran("echoscu", *self.at)
        self.ran("echoscu", "-pts", "4", "--repeat", "20", *self.at)
        self.ran("echoscu", "-aec", "NOBODY", "127.0.0.1", self.server.dicom_port, code=1)

    def tls(self, who, code, *options):
        return self.ran("echoscu", "+tls", f"{self.directory}/{who}.key",
                        f"{self.directory}/{who}.pem", "+cf", f"{self.directory}/ca.pem",
                        *options, "-aec", "MEDARC", "localhost", self.tls_port, code=code)

    def test_11_echoscu_over_tls(self):
        self.tls("caller", 0)
        self.tls("caller", 0, "+py")  # non-downgrading BCP 195
        self.tls("stranger", 1)
        self.ran("echoscu", "-aec", "MEDARC", "localhost", self.tls_port, code=1)
        self.ran("echoscu", *self.at)  # the plain door is not disturbed

    def test_20_storescu(self):
        self.ran("storescu", "-v", "+sd", *self.at, f"{self.sample.directory}/ct")
        self.ran("storescu", "-v", *self.at, self.sample.cine)
        self.assertEqual(len(self.stored()), len(self.sample.images))
        self.ran("storescu", "-v", *self.at, self.sample.cine)  # again: nothing new
        self.assertEqual(len(self.stored()), len(self.sample.images))

    def test_21_dcmsend(self):
        report = os.path.join(self.directory, "report")
        self.ran("dcmsend", "-v", "+crf", report, *self.at, *self.sample.images)
        text = interop.read(report).decode()
        self.assertRegex(text, rf"with status SUCCESS\s*: {len(self.sample.images)}")
        self.assertEqual(len(self.stored()), len(self.sample.images))

    def test_22_compressed_objects_are_kept_as_sent(self):
        for tool, option, syntax in (("dcmcrle", [], "1.2.840.10008.1.2.5"),
                                     ("dcmcjpls", [], "1.2.840.10008.1.2.4.80"),
                                     ("dcmcjpeg", [], "1.2.840.10008.1.2.4.70")):
            with self.subTest(tool):
                path = os.path.join(self.directory, tool)
                self.ran(tool, *option, "+ua", self.sample.ct[0], path)
                uid = Envelope(interop.read(path)).instance
                # Both senders, each with its own way to offer transfer syntaxes.
                self.ran("dcmsend", *self.at, path)
                row = self.server.qido("instances", SOPInstanceUID=uid)[0]
                status, got, part = self.server.wado(
                    "/dicom-web/studies/{}/series/{}/instances/{}".format(
                        row["0020000D"]["Value"][0], row["0020000E"]["Value"][0], uid))
                self.assertEqual((status, got), (200, syntax))
                sent, _ = dataset(path)
                self.assertEqual(hashlib.sha256(part[Envelope(part).length:]).digest(),
                                 hashlib.sha256(sent).digest())

    def test_30_findscu(self):
        rows = self.find("0010,0010=Ahl*", "0020,000D", "0008,0061", "0020,1208")
        self.assertEqual({r["0020,000d"] for r in rows},
                         {self.sample.ct_study, self.sample.cine_study})
        self.assertEqual({r["0010,0010"] for r in rows}, {NAME})
        self.assertEqual(self.find("0010,0010=ahl?ren*", "0020,000D")[0]["0010,0010"], NAME)
        self.assertEqual(self.find("0010,0020=NOBODY", "0020,000D"), [])
        both = self.find(f"0020,000D={self.sample.ct_study}\\{self.sample.cine_study}")
        self.assertEqual(len(both), 2)
        self.assertEqual(len(self.find("0008,0020=20260101-20260131", "0020,000D")), 2)
        self.assertEqual(len(self.find("0008,0020=-20251231", "0020,000D")), 0)
        self.assertEqual(len(self.find("0008,0061=CT", "0020,000D")), 1)

    def test_31_findscu_levels_and_models(self):
        series = self.find(f"0020,000D={self.sample.ct_study}", "0020,000E", "0008,0060",
                           level=SERIES_LEVEL)
        self.assertIn(self.sample.ct_series, {s["0020,000e"] for s in series})
        images = self.find(f"0020,000D={self.sample.ct_study}",
                           f"0020,000E={self.sample.ct_series}", "0008,0018", "0020,0013",
                           level=IMAGE_LEVEL)
        self.assertLessEqual(set(str(i + 1) for i in range(len(self.sample.ct))),
                             {i["0020,0013"] for i in images})
        patients = self.find("0010,0020", "0010,0010", model="-P", level="0008,0052=PATIENT")
        self.assertEqual([p["0010,0020"] for p in patients], ["MED-0001"])
        # M11: the series level without its study, and no relational query negotiated.
        output = interop.run("findscu", "-v", "-S", "-k", SERIES_LEVEL, "-k", "0008,0060=CT",
                             *self.at)[1]
        self.assertRegex(output, "DataSetDoesNotMatchSOPClass")  # A900

    def received(self, directory, paths):
        """What arrived in `directory` equals these files, element for element."""
        arrived = {}
        for path in glob.glob(directory + "/*"):
            arrived[Envelope(interop.read(path)).instance] = dataset(path)
        for path in paths:
            uid = Envelope(interop.read(path)).instance
            self.assertIn(uid, arrived)
            self.assertIsNone(compare(*dataset(path), *arrived[uid]), path)
        return arrived

    def test_40_getscu(self):
        out = interop.temporary_directory()
        self.ran("getscu", "-v", "-S", "-k", STUDY_LEVEL, "-k",
                 f"0020,000D={self.sample.cine_study}", "-od", out, "+B", *self.at)
        self.assertEqual(len(self.received(out, [self.sample.cine])), 1)

    def test_41_getscu_gets_plain_images_of_compressed_ones(self):
        # test_22 stored the first slice three times more, compressed; getscu +xe reads none of them.
        out = interop.temporary_directory()
        self.ran("getscu", "+xe", "+B", "-S", "-k", STUDY_LEVEL, "-k",
                 f"0020,000D={self.sample.ct_study}", "-od", out, *self.at)
        arrived = self.received(out, self.sample.ct)
        self.assertEqual(len(arrived), len(self.sample.ct) + 3)
        self.assertEqual({syntax for _, syntax in arrived.values()}, {EXPLICIT})
        pixels = dataset(self.sample.ct[0])[0][-64 * 64 * 2:]
        self.assertEqual(sum(bytes.endswith(pixels) for bytes, _ in arrived.values()), 4)

    def test_42_movescu(self):
        out = interop.temporary_directory()
        output = self.ran("movescu", "-v", "-S", "-aem", "MOVESCU", "--port", self.move_port,
                          "-od", out, "-k", STUDY_LEVEL, "-k",
                          f"0020,000D={self.sample.ct_study}", *self.at)
        self.assertGreaterEqual(len(self.received(out, self.sample.ct)), len(self.sample.ct))
        self.assertIn("Success", output)

    def test_43_movescu_to_nobody(self):
        output = interop.run("movescu", "-v", "-S", "-aem", "NOBODY", "-k", STUDY_LEVEL, "-k",
                             f"0020,000D={self.sample.ct_study}", *self.at)[1]
        self.assertRegex(output, "MoveDestinationUnknown|0xa801")

    def test_90_termscu_ends_nothing(self):
        output = self.ran("termscu", "-v", *self.at)
        self.assertNotIn("Peer has cancelled", output)
        self.assertTrue(self.server.alive())
        self.ran("echoscu", *self.at)


if __name__ == "__main__":
    interop.main(programmes=["echoscu", "storescu", "dcmsend", "findscu", "getscu", "movescu",
                             "termscu", "dcmcrle", "dcmcjpls", "dcmcjpeg", "openssl"])
