"""The sample files with their facts, and the comparison of one stored object with them."""
import hashlib
import json
import os
import re
import zlib

from part10 import BIG, DEFLATED, EXPLICIT, IMPLICIT, Envelope, compare
from server import WEB, first, name_of, values

_TEXT = {"SOPClassUID": "00080016", "SOPInstanceUID": "00080018", "StudyInstanceUID": "0020000D",
         "SeriesInstanceUID": "0020000E", "Modality": "00080060", "PatientID": "00100020",
         "StudyDate": "00080020", "Manufacturer": "00080070",
         "PhotometricInterpretation": "00280004"}
_NUMBERS = {"Rows": "00280010", "Columns": "00280011", "BitsAllocated": "00280100",
            "BitsStored": "00280101", "PixelRepresentation": "00280103",
            "SamplesPerPixel": "00280002", "NumberOfFrames": "00280008"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_VERSIONS_TRIED = 40
JSON = {"Accept": "application/dicom+json"}


def bare_name(text):
    """Trailing delimiters mean nothing (PS3.5 6.2.1.1)."""
    return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")


class Sample:
    def __init__(self, directory, facts):
        self.name, self.facts = facts["file"], facts
        self.path = os.path.join(directory, self.name)
        with open(self.path, "rb") as f:
            self.file = f.read()
        if hashlib.sha256(self.file).hexdigest() != facts["sha256"]:
            raise SystemExit(f"{self.name} is not the file of which the facts speak")
        envelope = Envelope(self.file)
        self.syntax = envelope.syntax
        self.dataset = self.file[envelope.length:]
        self.instance = facts.get("SOPInstanceUID") or envelope.instance
        self.sop_class = facts.get("SOPClassUID") or envelope.sop_class or _SECONDARY_CAPTURE
        # A C-STORE command must name an instance, whether the dataset does or not.
        self.announced = self.instance or "2.25." + str(int(facts["sha256"][:30], 16))
        self.in_study, self.in_series = [self], [self]  # those that claim the same UIDs

    @property
    def odd(self):
        return self.name.startswith("odd-or-broken/")

    def refusals(self):
        """The Failure Reasons that are right by STOW-RS; none when it must be stored."""
        if self.sop_class == _MEDIA_DIRECTORY:
            return {"A900", "C000"}
        if "truncated" in self.name:
            return {"C000"}
        if self.instance:
            return set()
        return {"A900"} if self.facts.get("readable") else {"C000"}

    def patient_name(self):
        """As it must be decoded. The note of an invented file knows better than the toolkit that
        listed the facts, which also keeps escape sequences it should have taken away."""
        note = re.search(r"must decode to (.*)$", self.facts.get("note") or "")
        text = note.group(1) if note else self.facts.get("PatientName") or ""
        if not isinstance(text, str) or text.startswith("ERR "):
            return None
        return bare_name(re.sub("\x1b\\$\\)[AC]", "", text))


def load(directory):
    with open(os.path.join(directory, "facts.json"), encoding="utf-8") as f:
        out = [Sample(directory, facts) for facts in json.load(f)]
    for key, field in (("StudyInstanceUID", "in_study"), ("SeriesInstanceUID", "in_series")):
        together = {}
        for sample in out:
            if sample.facts.get(key):
                together.setdefault(sample.facts[key], []).append(sample)
                setattr(sample, field, together[sample.facts[key]])
    return out


def locate(server, sample, instance):
    """The places (study, series, instance) under which such an object is found."""
    keys = {"SOPInstanceUID": instance}
    for key in ("StudyInstanceUID", "SeriesInstanceUID"):
        if sample.facts.get(key):
            keys[key] = sample.facts[key]
    return [(first(row, "0020000D"), first(row, "0020000E"), instance)
            for row in server.qido("instances", **keys)]


def path_of(triple):
    return f"{WEB}/studies/{triple[0]}/series/{triple[1]}/instances/{triple[2]}"


def split(file):
    envelope = Envelope(file)
    return envelope, file[envelope.length:]


def _plain(dataset, syntax):
    return zlib.decompressobj(-15).decompress(dataset) if syntax == DEFLATED else dataset


def _why_other(sample, got, sent):
    """None when the file `got` holds what was sent: "file", "dataset" (its bytes alone) or
    "elements" (a toolkit wrote them anew)."""
    if sent == "file":
        return None if got == sample.file else "other bytes"
    envelope, dataset = split(got)
    if sent == "dataset":
        return None if dataset == sample.dataset else "other bytes"
    return compare(_plain(sample.dataset, sample.syntax), sample.syntax,
                   _plain(dataset, envelope.syntax), envelope.syntax)


def check_bytes(server, sample, triple, sent):
    """("identical" | "converted" | "different", why)"""
    path, version = path_of(triple), ""
    status, _, original = server.request("GET", path + "/original")
    if status != 200:
        return "different", f"/original answers {status}"
    why = _why_other(sample, original, sent)
    # An earlier sample of the same UID and bytes: a duplicate adds no version, the last one stays.
    for n in range(1, _VERSIONS_TRIED if why else 0):
        status, _, got = server.request("GET", f"{path}/original?version={n}")
        if status == 200 and _why_other(sample, got, sent) is None:
            version, original, why = f"?version={n}", got, None
            break
    if why:
        return "different", f"/original: {why}"
    stored, wanted = split(original)
    if sent != "elements" and stored.syntax != sample.syntax:
        return "different", "/original names another transfer syntax"
    status, syntax, file = server.wado(path + version)
    if status != 200:
        return "different", f"WADO-RS answers {status}"
    envelope, dataset = split(file)
    if envelope.syntax != syntax:
        return "different", "part header and file meta name different transfer syntaxes"
    if stored.syntax in (IMPLICIT, BIG):
        if syntax != EXPLICIT:
            return "different", f"leaves as {syntax}"
        why = compare(wanted, stored.syntax, dataset, EXPLICIT)
        return ("different", f"converted: {why}") if why else ("converted", "")
    if syntax != stored.syntax or dataset != wanted:
        return "different", f"WADO-RS gives other bytes as {syntax}"
    return "identical", ""


def _number(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def check_facts(server, sample, triple):
    """What metadata and the searches say that the facts do not."""
    status, _, body = server.request("GET", path_of(triple) + "/metadata", headers=JSON)
    if status != 200:
        return [f"metadata answers {status}"]
    metadata = json.loads(body)[0]
    series_path = f"studies/{triple[0]}/series"
    rows = server.qido(f"{series_path}/{triple[1]}/instances", SOPInstanceUID=triple[2],
                       includefield="all")
    series = server.qido(series_path, SeriesInstanceUID=triple[1])
    study = server.qido("studies", StudyInstanceUID=triple[0])
    if (len(rows), len(series), len(study)) != (1, 1, 1):
        return [f"QIDO gives {len(study)} studies, {len(series)} series, {len(rows)} instances"]
    wrong = []

    def text(source, data, fact, among=None):
        wanted = {s.facts.get(fact) for s in among or [sample]
                  if isinstance(s.facts.get(fact), str) and not s.facts[fact].startswith("ERR")}
        if sample.facts.get(fact) in wanted and not (source == "QIDO" and "" in wanted):
            if str(first(data, _TEXT[fact])).rstrip() not in {w.rstrip() for w in wanted}:
                wrong.append(f"{source} {fact}")

    for fact in _TEXT:
        text("metadata", metadata, fact)
    for fact in ("SOPClassUID", "SOPInstanceUID"):
        text("QIDO", rows[0], fact)
    text("QIDO", series[0], "SeriesInstanceUID")
    text("QIDO", series[0], "Modality", sample.in_series)  # one row for those that share it
    text("QIDO", study[0], "StudyInstanceUID")
    text("QIDO", study[0], "PatientID", sample.in_study)
    for fact, tag in _NUMBERS.items():
        wanted = _number(sample.facts.get(fact))
        if wanted is None:
            continue
        if first(metadata, tag) != wanted:
            wrong.append(f"metadata {fact}")
        if fact in ("Rows", "Columns", "BitsAllocated", "NumberOfFrames") and (
                first(rows[0], tag) != wanted):
            wrong.append(f"QIDO {fact}")
    name = sample.patient_name()
    if name is not None and len(values(metadata, "00100010")) < 2 and name_of(metadata) != name:
        wrong.append("metadata PatientName")
    if name and name_of(study[0]) not in {s.patient_name() for s in sample.in_study}:
        wrong.append("QIDO PatientName")
    return wrong


def _interleaved(raw, pixels):
    """Planes of one byte a sample as the decoded pixels have them."""
    plane = pixels["shape"][-3] * pixels["shape"][-2]
    return b"".join(bytes(b for three in zip(*(raw[at + i * plane:at + (i + 1) * plane]
                                              for i in range(3))) for b in three)
                    for at in range(0, len(raw), 3 * plane))


def check_pixels(server, sample, triple):
    """Frames of uncompressed objects against the hash of their decoded pixels: True, False, or
    None when there is no hash to compare with."""
    pixels = sample.facts.get("decoded_pixels")
    if not pixels or sample.syntax not in (IMPLICIT, BIG, EXPLICIT):
        return None
    count = _number(sample.facts.get("NumberOfFrames")) or 1
    frames = server.frames(path_of(triple), count)
    if frames is None:
        return False
    raw = b"".join(frames)
    width = int(re.sub(r"\D", "", pixels["dtype"])) // 8
    size = width
    for n in pixels["shape"]:
        size *= n
    if len(raw) != size:
        return None  # the decoder widened or resampled them
    wanted = pixels["sha256_little_endian"]
    if hashlib.sha256(raw).hexdigest() == wanted:
        return True
    if pixels["shape"][-1] == 3 and width == 1 and (
            hashlib.sha256(_interleaved(raw, pixels)).hexdigest() == wanted):
        return True  # Planar Configuration 1
    if sample.syntax == BIG and width == 1:
        # The toolkit that made the hashes does not turn 16-bit words that hold two 8-bit samples.
        at = len(sample.dataset) - (size + size % 2)
        if hashlib.sha256(sample.dataset[at:at + size]).hexdigest() == wanted:
            return None
    return False
