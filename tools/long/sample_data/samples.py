"""The sample files with their facts, and the comparison of one stored object with them."""
import hashlib
import json
import os
import re

from part10 import BIG, EXPLICIT, IMPLICIT, Envelope, compare
from server import WEB, first, name_of, values

_TEXT = {"SOPClassUID": "00080016", "SOPInstanceUID": "00080018", "StudyInstanceUID": "0020000D",
         "SeriesInstanceUID": "0020000E", "Modality": "00080060", "PatientID": "00100020",
         "StudyDate": "00080020", "Manufacturer": "00080070",
         "PhotometricInterpretation": "00280004"}
_NUMBERS = {"Rows": "00280010", "Columns": "00280011", "BitsAllocated": "00280100",
            "BitsStored": "00280101", "PixelRepresentation": "00280103",
            "SamplesPerPixel": "00280002", "NumberOfFrames": "00280008"}
_IN_ROWS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
            "Rows", "Columns", "BitsAllocated", "NumberOfFrames")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_VERSIONS_TRIED = 40


class Sample:
    def __init__(self, directory, facts):
        self.name, self.facts = facts["file"], facts
        self.path = os.path.join(directory, self.name)
        with open(self.path, "rb") as f:
            self.file = f.read()
        envelope = Envelope(self.file)
        self.syntax = envelope.syntax
        self.dataset = self.file[envelope.length:]
        self.instance = facts.get("SOPInstanceUID") or envelope.instance
        self.sop_class = facts.get("SOPClassUID") or envelope.sop_class or _SECONDARY_CAPTURE
        self.announced = self.instance or "2.25." + str(int(facts["sha256"][:30], 16))

    @property
    def odd(self):
        return self.name.startswith("odd-or-broken/")

    def patient_name(self):
        """As it must be decoded: the note of an invented file knows better than the toolkit that
        listed the facts, which also keeps escape sequences it should have taken away."""
        note = re.search(r"must decode to (.*)$", self.facts.get("note") or "")
        text = note.group(1) if note else self.facts.get("PatientName") or ""
        return None if text.startswith("ERR ") else re.sub("\x1b\\$\\)[AC]", "", text).rstrip("=")


def load(directory):
    with open(os.path.join(directory, "facts.json"), encoding="utf-8") as f:
        return [Sample(directory, facts) for facts in json.load(f)]


def locate(server, sample, instance):
    """Study and series under which the object is found; an error text when it is not."""
    keys = {"SOPInstanceUID": instance}
    for key in ("StudyInstanceUID", "SeriesInstanceUID"):
        if sample.facts.get(key):
            keys[key] = sample.facts[key]
    found = server.qido("instances", **keys)
    if not found:
        return None, "QIDO does not find it"
    return (first(found[0], "0020000D"), first(found[0], "0020000E"), instance), ""


def path_of(triple):
    return f"{WEB}/studies/{triple[0]}/series/{triple[1]}/instances/{triple[2]}"


def split(file):
    envelope = Envelope(file)
    return envelope, file[envelope.length:]


def check_bytes(server, sample, triple, whole_file):
    """("identical" | "converted", []) or ("different", reasons). whole_file: what was sent is the
    file itself and not only its dataset."""
    path, version = path_of(triple), ""
    status, _, original = server.request("GET", path + "/original")
    wanted = sample.file if whole_file else sample.dataset

    def same(got):
        return got == wanted if whole_file else split(got)[1] == wanted

    # An earlier sample of the same UID and bytes: a duplicate adds no version, the last one stays.
    if status == 200 and not same(original):
        for n in range(1, _VERSIONS_TRIED):
            code, _, got = server.request("GET", f"{path}/original?version={n}")
            if code == 200 and same(got):
                version, original = f"?version={n}", got
                break
    if status != 200 or not same(original):
        return "different", [f"/original answers {status} with other bytes"]
    if split(original)[0].syntax != sample.syntax:
        return "different", ["/original names another transfer syntax"]
    status, syntax, file = server.wado(path + version)
    if status != 200:
        return "different", [f"WADO-RS answers {status}"]
    envelope, dataset = split(file)
    if envelope.syntax != syntax:
        return "different", ["part header and file meta name different transfer syntaxes"]
    if sample.syntax in (IMPLICIT, BIG):
        if syntax != EXPLICIT:
            return "different", [f"leaves as {syntax}"]
        wrong = compare(sample.dataset, sample.syntax, dataset, EXPLICIT)
        return ("different", [wrong]) if wrong else ("converted", [])
    if syntax != sample.syntax or dataset != sample.dataset:
        return "different", [f"WADO-RS gives other bytes as {syntax}"]
    return "identical", []


def _number(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def check_facts(server, sample, triple):
    """What metadata and searches say that the facts do not."""
    wrong = []
    status, _, body = server.request("GET", path_of(triple) + "/metadata",
                                     headers={"Accept": "application/dicom+json"})
    if status != 200:
        return [f"metadata answers {status}"]
    metadata = json.loads(body)[0]
    rows = server.qido(f"studies/{triple[0]}/series/{triple[1]}/instances",
                       SOPInstanceUID=triple[2], includefield="all")
    if len(rows) != 1:
        return [f"QIDO gives {len(rows)} rows"]
    series = server.qido(f"studies/{triple[0]}/series", SeriesInstanceUID=triple[1])
    for source, data in (("metadata", metadata), ("QIDO", rows[0])):
        for fact, tag in _TEXT.items():
            want = sample.facts.get(fact)
            if source == "QIDO":
                if fact not in _IN_ROWS or not want:
                    continue
                if fact == "Modality":
                    data = series[0] if series else {}
            if want is None or isinstance(want, list) or str(want).startswith("ERR"):
                continue
            if str(first(data, tag)).rstrip() != str(want).rstrip():
                wrong.append(f"{source} {fact}")
            data = rows[0] if source == "QIDO" else data
        for fact, tag in _NUMBERS.items():
            want = _number(sample.facts.get(fact))
            if want is None or (source == "QIDO" and fact not in _IN_ROWS):
                continue
            if first(data, tag) != want:
                wrong.append(f"{source} {fact}")
    name = sample.patient_name()
    if name is not None and not isinstance(sample.facts.get("PatientName"), list):
        if name_of(metadata) != name and len(values(metadata, "00100010")) < 2:
            wrong.append("metadata PatientName")
    return wrong


def check_pixels(server, sample, triple):
    """Frames of uncompressed objects against the hash of their decoded pixels; None when there is
    no such hash of the same size."""
    pixels = sample.facts.get("decoded_pixels")
    if not pixels or sample.syntax not in (IMPLICIT, BIG, EXPLICIT):
        return None
    count = _number(sample.facts.get("NumberOfFrames")) or 1
    status, headers, body = server.request(
        "GET", f"{path_of(triple)}/frames/" + ",".join(str(n) for n in range(1, count + 1)),
        headers={"Accept": 'multipart/related; type="application/octet-stream"'})
    if status != 200:
        return False
    boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
    frames = [part[part.index(b"\r\n\r\n") + 4:-2]
              for part in body.split(b"--" + boundary)[1:-1]]
    raw = b"".join(frames)
    want = pixels["sha256_little_endian"]
    size = 1
    for n in pixels["shape"]:
        size *= n
    size *= int(re.sub(r"\D", "", pixels["dtype"])) // 8
    if len(raw) != size:
        return None  # the decoder widened or resampled
    return hashlib.sha256(raw).hexdigest() == want
