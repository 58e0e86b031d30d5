#!/usr/bin/env python3
"""Orthanc as peer, in both directions: it asks, moves, has things committed, pulls and pushes at
Medarc's doors, over DIMSE and DICOMweb; Medarc's verbs and routing rules find, pull and send at its,
and have it promise to keep what they sent. Orthanc reports that over associations of its own only."""
import json
import os
import unittest

import interop
import orthanc
from part10 import Envelope, compare


def parts(file):
    """Dataset and transfer syntax."""
    envelope = Envelope(file)
    return file[envelope.length:], envelope.syntax


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = interop.Sample()
        port, web_port, cls.sender_port = (interop.free_port() for _ in range(3))
        cls.medarc = interop.start(
            interop.QUICK_JOBS + interop.peer("ORTHANC", port) + interop.peer("MEDARC") +
            interop.peer("CT1") +
            f'[[dicom.web_destination]]\nname = "web"\n'
            f'url = "http://127.0.0.1:{web_port}{orthanc.WEB}"\n'
            '[[dicom.route]]\nto = "ORTHANC"\ncommit = true\nStudyDescription = "Echo*"\n'
            '[[dicom.route]]\nto = "web"\nPatientID = "WEB-*"\n')
        cls.config = cls.medarc.config_path
        cls.orthanc = orthanc.Orthanc(
            {"medarc": ("MEDARC", cls.medarc.dicom_port), "sender": ("SENDER", cls.sender_port)},
            {"medarc": f"http://127.0.0.1:{cls.medarc.http_port}/dicom-web/"}, port, web_port)

    @classmethod
    def tearDownClass(cls):
        cls.orthanc.stop()
        assert cls.medarc.stop() == 0, "the server did not end by itself"

    def setUp(self):
        self.orthanc.delete_all()

    def call(self, path, body):
        return self.orthanc.call("POST", path, body)

    def orthanc_has(self, paths):
        """Orthanc holds these files, element for element."""
        for path in paths:
            file = interop.read(path)
            uid = Envelope(file).instance
            self.assertIsNotNone(self.orthanc.identifier(uid), path)
            self.assertIsNone(compare(*parts(file), *parts(self.orthanc.file(uid))), path)

    def medarc_has(self, server, paths):
        for path in paths:
            file = interop.read(path)
            row, = server.qido("instances", SOPInstanceUID=Envelope(file).instance)
            uids = [row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")]
            status, syntax, got = server.wado(
                "/dicom-web/studies/{}/series/{}/instances/{}".format(*uids))
            self.assertEqual(status, 200)
            self.assertIsNone(compare(*parts(file), *parts(got)), path)
            self.assertEqual(syntax, parts(file)[1])


class OrthancAtMedarc(Peers):
    """Orthanc is the user."""

    def upload(self, paths):
        return [self.orthanc.upload(interop.read(path))["ID"] for path in paths]

    def commitment(self, transaction):
        return self.orthanc.call("GET", f"/storage-commitment/{transaction}")

    def test_10_echo(self):
        self.call("/modalities/medarc/echo", {})

    def test_20_pushes_and_has_it_committed(self):
        ids = self.upload(self.sample.ct)
        answer = self.call("/modalities/medarc/store",
                           {"Resources": ids, "Synchronous": True, "StorageCommitment": True})
        self.assertEqual(answer["FailedInstancesCount"], 0, answer)
        transaction = answer["StorageCommitmentTransactionUID"]
        self.assertTrue(interop.eventually(
            lambda: self.commitment(transaction)["Status"] != "Pending"))
        report = self.commitment(transaction)
        self.assertEqual(report["Status"], "Success", report)
        self.assertEqual(len(report["Success"]), len(ids))
        self.medarc_has(self.medarc, self.sample.ct)

    def test_21_commitment_of_what_never_came_is_refused(self):
        self.test_20_pushes_and_has_it_committed()
        answer = self.call("/modalities/medarc/storage-commitment", {
            "DicomInstances": [{"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
                                "SOPInstanceUID": "2.25.404"}]})
        transaction = answer["ID"]
        self.assertTrue(interop.eventually(
            lambda: self.commitment(transaction)["Status"] != "Pending"))
        report = self.commitment(transaction)
        self.assertEqual(report["Status"], "Failure", report)
        self.assertEqual(report["Failures"][0]["FailureReason"], 0x0112, report)

    def query(self, level, **keys):
        path = self.call("/modalities/medarc/query", {"Level": level, "Query": keys})["Path"]
        answers = [self.orthanc.call("GET", f"{path}/answers/{i}/content?simplify")
                   for i in self.orthanc.call("GET", path + "/answers")]
        return path, answers

    def test_30_queries(self):
        self.sample.store(self.medarc)
        _, answers = self.query("Study", PatientName="Ahl*", StudyDate="20260101-",
                                ModalitiesInStudy="", NumberOfStudyRelatedInstances="")
        by_study = {a["StudyInstanceUID"]: a for a in answers}
        self.assertEqual(set(by_study), {self.sample.ct_study, self.sample.cine_study})
        ct = by_study[self.sample.ct_study]
        self.assertEqual((ct["ModalitiesInStudy"], ct["NumberOfStudyRelatedInstances"]),
                         ("CT", str(len(self.sample.ct))))
        self.assertEqual(len(self.query("Patient", PatientID="MED-0001")[1]), 1)
        self.assertEqual(len(self.query("Series", StudyInstanceUID=self.sample.ct_study)[1]), 1)
        self.assertEqual(len(self.query("Instance", StudyInstanceUID=self.sample.ct_study,
                                        SeriesInstanceUID=self.sample.ct_series)[1]),
                         len(self.sample.ct))
        self.assertEqual(self.query("Study", PatientID="NOBODY")[1], [])

    def test_31_moves_what_it_found(self):
        self.sample.store(self.medarc)
        self.orthanc.delete_all()
        path, answers = self.query("Study", StudyInstanceUID=self.sample.ct_study)
        self.assertEqual(len(answers), 1)
        self.call(path + "/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
        self.orthanc_has(self.sample.ct)

    def test_40_pushes_by_dicomweb(self):
        server = interop.start()
        other = orthanc.Orthanc(servers={"other": f"http://127.0.0.1:{server.http_port}/dicom-web/"})
        ids = [other.upload(interop.read(path))["ID"] for path in self.sample.images]
        other.call("POST", "/dicom-web/servers/other/stow",
                   {"Resources": ids, "Synchronous": True})
        self.medarc_has(server, self.sample.images)
        other.stop()
        self.assertEqual(server.stop(), 0)

    def test_41_asks_by_dicomweb(self):
        self.sample.store(self.medarc)
        rows = self.call("/dicom-web/servers/medarc/qido",
                         {"Uri": "/studies", "Arguments": {"00100020": "MED-0001"}})
        uids = {row["0020000D"]["Value"] for row in rows}
        self.assertEqual(uids, {self.sample.ct_study, self.sample.cine_study})

    def test_42_pulls_by_dicomweb(self):
        self.sample.store(self.medarc)
        self.orthanc.delete_all()
        answer = self.call("/dicom-web/servers/medarc/retrieve",
                           {"Resources": [{"Study": self.sample.ct_study},
                                          {"Study": self.sample.cine_study}],
                            "Synchronous": True})
        self.assertEqual(int(answer["ReceivedInstancesCount"]), len(self.sample.images), answer)
        self.orthanc_has(self.sample.images)


class MedarcAtOrthanc(Peers):
    """Medarc is the user."""

    @property
    def at(self):
        return f"ORTHANC@127.0.0.1:{self.orthanc.dicom_port}"

    def ran(self, *words):
        code, lines, errors = interop.medarc(*words)
        self.assertEqual(code, 0, (lines, errors))
        return lines

    def upload(self, paths):
        for path in paths:
            self.orthanc.upload(interop.read(path))

    def test_10_echo_and_find(self):
        self.ran("echo", self.at)
        self.upload(self.sample.images)
        lines = self.ran("find", self.at, "--key", "PatientID=MED-0001")
        self.assertEqual(lines[-1]["matches"], 2)
        lines = self.ran("find", self.at, "--level", "IMAGE", "--key",
                         f"StudyInstanceUID={self.sample.ct_study}", "--key",
                         f"SeriesInstanceUID={self.sample.ct_series}")
        self.assertEqual(lines[-1]["matches"], len(self.sample.ct))
        self.assertEqual(self.ran("find", self.at, "--key", "PatientID=NOBODY")[-1]["matches"], 0)

    def test_20_sends(self):
        lines = self.ran("send", self.at, *self.sample.images)
        self.assertEqual(lines[-1]["sent"], len(self.sample.images))
        self.orthanc_has(self.sample.images)

    def test_21_sends_and_has_it_committed_over_orthancs_association(self):
        lines = self.ran("send", self.at, *self.sample.images, "--aet", "SENDER", "--commit",
                         "--listen", f"127.0.0.1:{self.sender_port}")
        self.assertEqual(lines[-1]["committed"], len(self.sample.images), lines)

    def test_30_pulls_by_c_get(self):
        self.upload(self.sample.images)
        mine = os.path.join(interop.temporary_directory(), "mine")
        lines = self.ran("pull", self.at, "--study", self.sample.ct_study, "--data", mine)
        self.assertEqual(lines[-1]["instances"], len(self.sample.ct))
        exported = os.path.join(interop.temporary_directory(), "exported")
        self.ran("export", "--data", mine, "--to", exported, "--study", self.sample.ct_study)
        files = [os.path.join(d, n) for d, _, names in os.walk(exported) for n in names
                 if n.endswith(".dcm")]
        got = {Envelope(interop.read(f)).instance: interop.read(f) for f in files}
        for path in self.sample.ct:
            file = interop.read(path)
            self.assertIsNone(compare(*parts(file), *parts(got[Envelope(file).instance])), path)

    def test_31_has_a_study_moved_to_the_running_server(self):
        self.upload(self.sample.ct)
        lines = self.ran("pull", self.at, "--study", self.sample.ct_study, "--move-to", "MEDARC")
        self.assertEqual(lines[-1]["completed"], len(self.sample.ct))
        self.medarc_has(self.medarc, self.sample.ct)

    def test_40_a_routing_rule_sends_what_it_says_and_nothing_else(self):
        self.sample.store(self.medarc)
        self.assertTrue(interop.eventually(
            lambda: self.orthanc.instances_count(self.sample.cine_study) == 1),
            "the routed study did not arrive")
        self.orthanc_has([self.sample.cine])
        self.assertEqual(self.orthanc.instances_count(self.sample.ct_study), 0)
        # The delivery is over when Orthanc's promise has come, and not before.
        self.assertTrue(interop.eventually(lambda: self.jobs() == []), self.jobs())
        _, _, metrics = self.medarc.request("GET", "/metrics")
        self.assertIn(b'medarc_route_commitments_total{how="committed"} 1\n', metrics)
        self.assertNotIn(b'medarc_route_commitments_total{how="failed"} 1\n', metrics)

    def jobs(self):
        status, _, body = self.medarc.request("GET", "/admin/jobs")
        self.assertEqual(status, 200, body)
        return json.loads(body)["jobs"]

    def test_41_a_routing_rule_delivers_by_stow(self):
        files = [interop.read(path).replace(b"MED-0001", b"WEB-0001") for path in self.sample.ct]
        status, answer = self.medarc.stow(files)
        self.assertIn(status, (200, 202), answer)
        self.assertTrue(interop.eventually(lambda: self.jobs() == []), self.jobs())
        self.assertEqual(self.orthanc.instances_count(self.sample.ct_study), len(files))
        for file in files:
            uid = Envelope(file).instance
            self.assertIsNone(compare(*parts(file), *parts(self.orthanc.file(uid))), uid)


del Peers  # holds no tests of its own

if __name__ == "__main__":
    interop.main(files=[orthanc.PROGRAMME, orthanc.PLUGIN])
