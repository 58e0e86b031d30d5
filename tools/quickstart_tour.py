#!/usr/bin/env python3
"""The tour of tools/quickstart: pushes the sample patient through the real doors with other people's
clients (storescu, curl, samtools), asks for it again, checks every digest, and prints a table.

Ends with a non-zero status when anything that came back is not what went in.
"""
import argparse
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROWS = []
FAILED = []


def step(name, run):
    """Runs one step; what it answers becomes a line of the table."""
    start = time.monotonic()
    try:
        text, url = run()
    except (AssertionError, OSError, subprocess.CalledProcessError, ValueError, KeyError) as error:
        FAILED.append(name)
        text, url = "FAILED: %s" % (str(error) or type(error).__name__), ""
    ROWS.append((name, text, "%.0f ms" % ((time.monotonic() - start) * 1000), url))


def get(url, accept=None):
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        raise OSError("%s answered %d %s" % (url, error.code, error.read()[:200]))


def dataset(part10):
    """What follows the file meta information; a sender's toolkit writes its own in front of it."""
    length = struct.unpack_from("<I", part10, 140)[0]
    return part10[144 + length:]


def single_part(body, headers):
    """The content of a multipart body with one part."""
    boundary = headers["Content-Type"].split("boundary=")[1].split(";")[0].strip('"').encode()
    part = body.split(b"--" + boundary)[1]
    return part[part.index(b"\r\n\r\n") + 4:-2]


def quote(text):
    return urllib.parse.quote(text, safe="")


def value(row, tag):
    values = row.get(tag, {}).get("Value", [])
    return values[0] if values else ""


class Tour:
    def __init__(self, http, dicom, sample):
        self.base = "http://" + http
        self.dicom_host, self.dicom_port = dicom.rsplit(":", 1)
        self.directory = sample
        with open(os.path.join(sample, "sample.json")) as f:
            self.sample = json.load(f)
        self.patient = "%s|%s" % (self.sample["issuer"], self.sample["patient_id"])
        self.bam = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def series_url(self, which):
        return "%s/dicom-web/studies/%s/series/%s" % (
            self.base, self.sample[which + "_study"], self.sample[which + "_series"])

    def push(self):
        subprocess.run(["storescu", "-aec", "MEDARC", "+sd", "+r", self.dicom_host, self.dicom_port,
                        self.path("ct"), self.path("cine")], check=True, capture_output=True)
        count = sum(f["path"].endswith(".dcm") for f in self.sample["files"])
        return "%d instances" % count, "storescu -aec MEDARC %s %s FILE" % (
            self.dicom_host, self.dicom_port)

    def upload(self):
        total = 0
        for f in self.sample["files"]:
            if not f["path"].startswith("genome/"):
                continue
            name = os.path.basename(f["path"])
            url = "%s/genomics/files?name=%s&patient=%s&id=%s" % (
                self.base, quote(name), quote(self.patient),
                quote("sample-" + name.replace(".", "-")))
            done = subprocess.run(["curl", "-sS", "--fail-with-body", "-X", "POST", "-T",
                                   self.path(f["path"]), "-H",
                                   "Content-Type: application/octet-stream", url],
                                  check=True, capture_output=True)
            answer = json.loads(done.stdout)
            assert f["sha256"] in json.dumps(answer), "another digest for " + name
            if name.endswith(".bam"):
                self.bam = answer["id"]
            total += f["bytes"]
        return "3 files, %.1f MB" % (total / 1e6), self.base + "/genomics/files"

    def find(self):
        url = "%s/dicom-web/studies?PatientID=%s" % (self.base, self.sample["patient_id"])
        studies = json.loads(get(url, "application/dicom+json")[0])
        assert len(studies) == 2, "%d studies instead of 2" % len(studies)
        return "%d studies" % len(studies), url

    def instances(self):
        """Every instance's bytes against the files, dataset by dataset."""
        rows = json.loads(get(self.series_url("ct") + "/instances?limit=1000",
                              "application/dicom+json")[0])
        checked = 0
        for row in rows:
            name = "ct/%03d.dcm" % int(value(row, "00200013"))
            body, _ = get("%s/instances/%s/original" % (
                self.series_url("ct"), value(row, "00080018")))
            assert dataset(body) == dataset(self.read(name)), name + " came back with other bytes"
            checked += 1
        body, _ = get("%s/instances/%s/original" % (
            self.series_url("cine"), self.sample["cine_instance"]))
        assert dataset(body) == dataset(self.read("cine/001.dcm")), "cine/001.dcm has other bytes"
        expected = sum(f["path"].endswith(".dcm") for f in self.sample["files"])
        assert checked + 1 == expected, "%d of %d instances found" % (checked + 1, expected)
        return "%d instances byte for byte" % expected, self.series_url("ct") + "/metadata"

    def frame(self):
        url = "%s/instances/%s/frames/20" % (self.series_url("cine"), self.sample["cine_instance"])
        body, headers = get(url, 'multipart/related; type="application/octet-stream"')
        frame = single_part(body, headers)
        size = 640 * 480
        frames = self.read("cine/001.dcm")[-40 * size:]
        assert frame == frames[19 * size:20 * size], "frame 20 has other bytes"
        return "frame 20 of 40, %d bytes, equal" % len(frame), url

    def region(self):
        region = "chr1:1000001-1100000"
        url = "%s/genomics/files/%s/slice?region=%s" % (self.base, self.bam, quote(region))
        body, _ = get(url)
        bam = self.path("genome/reads.bam")
        if not os.path.exists(bam + ".bai"):
            subprocess.run(["samtools", "index", bam], check=True, capture_output=True)
        theirs = subprocess.run(["samtools", "view", bam, region], check=True, capture_output=True)
        with tempfile.NamedTemporaryFile(suffix=".bam") as f:
            f.write(body)
            f.flush()
            ours = subprocess.run(["samtools", "view", f.name], check=True, capture_output=True)
        assert ours.stdout and ours.stdout == theirs.stdout, "other records than samtools view"
        return "%d reads, as samtools view" % ours.stdout.count(b"\n"), url

    def digests(self):
        for f in self.sample["files"]:
            if not f["path"].startswith("genome/"):
                continue
            name = os.path.basename(f["path"])
            url = "%s/genomics/files/%s/content" % (self.base, quote("sample-" + name.replace(".", "-")))
            digest = hashlib.sha256(get(url)[0]).hexdigest()
            assert digest == f["sha256"], name + " came back with other bytes"
        return "3 genome files, SHA-256 equal", "%s/genomics/files/%s/content" % (self.base, self.bam)

    def record(self):
        search = "%s/fhir/Patient?identifier=%s" % (self.base, quote(self.patient))
        bundle = json.loads(get(search, "application/fhir+json")[0])
        assert bundle["total"] == 1, "%d patients instead of 1" % bundle["total"]
        url = "%s/fhir/Patient/%s/$everything" % (self.base, bundle["entry"][0]["resource"]["id"])
        entries = json.loads(get(url, "application/fhir+json")[0])["entry"]
        kinds = [e["resource"]["resourceType"] for e in entries]
        scans, files = kinds.count("ImagingStudy"), kinds.count("DocumentReference")
        assert scans == 2 and files == 3, "%d scans and %d files of the patient" % (scans, files)
        return "1 patient: %d scans, %d genome files" % (scans, files), url

    def run(self):
        step("C-STORE with storescu", self.push)
        step("upload with curl", self.upload)
        step("QIDO-RS", self.find)
        step("WADO-RS, all instances", self.instances)
        step("WADO-RS, one frame", self.frame)
        step("region of the genome", self.region)
        step("genome digests", self.digests)
        step("FHIR $everything", self.record)


def own(base):
    """What an archive of the person's own files holds."""
    def studies():
        url = base + "/dicom-web/studies?limit=1000"
        return "%d studies" % len(json.loads(get(url, "application/dicom+json")[0])), url

    def files():
        url = base + "/genomics/files"
        answer = json.loads(get(url)[0])
        listed = answer if isinstance(answer, list) else answer.get("files", [])
        return "%d genome files" % len(listed), url

    step("QIDO-RS", studies)
    step("genome files", files)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--http", required=True)
    parser.add_argument("--dicom", required=True)
    parser.add_argument("--sample", help="directory of the sample patient")
    parser.add_argument("--own", action="store_true", help="only look at what is there")
    args = parser.parse_args()
    base = "http://" + args.http
    if args.own:
        own(base)
    else:
        Tour(args.http, args.dicom, args.sample).run()
    ROWS.append(("pages", "what is stored, and the API", "", base + "/"))
    widths = [max(len(row[i]) for row in ROWS) for i in range(3)]
    print()
    for row in ROWS:
        print("  ".join(row[i].ljust(widths[i]) for i in range(3)) + "  " + row[3])
    if FAILED:
        sys.exit("%d of %d steps failed: %s" % (len(FAILED), len(ROWS) - 1, ", ".join(FAILED)))


if __name__ == "__main__":
    main()
