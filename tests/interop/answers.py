"""The questions of the comparison with Orthanc: each is asked of a server by its doors, and answers a
short text; Medarc's is right when it is one of those wanted. The order is that of the table."""
import json
import re
import socket
import struct

import interop  # first: it says where the following are
from part10 import EXPLICIT, Envelope, element, part10

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
DICOM_JSON = {"Accept": "application/dicom+json"}


class Subject:
    """One server under question. `request(method, path, body, headers)` is its HTTP door,
    `web` the root of DICOMweb there; `alive()` says whether the process lives."""

    def __init__(self, server, aet, facts, first_ct):
        self.server, self.aet, self.facts, self.first_ct = server, aet, facts, first_ct
        self.dicom_port, self.alive = server.dicom_port, server.alive
        self.study = f"/studies/{facts['ct_study']}"
        self.instance = f"{self.study}/series/{facts['ct_series']}/instances/{first_ct}"

    def request(self, method, path, body=None, headers=None):
        return self.server.request(method, "/dicom-web" + path, body, headers)

    def get(self, path, accept=None):
        return self.request("GET", path, headers={"Accept": accept} if accept else {})

    def count(self, query):
        """Status of a search, how many it answered of how many studies, and its warning."""
        status, headers, body = self.get("/studies?" + query, "application/dicom+json")
        text = str(status)
        if status == 200:
            text += f", {len(json.loads(body))} of 2 studies"
        return text + (", Warning 299" if str(headers.get("Warning", "")).startswith("299") else "")

    def stow(self, parts, path="/studies"):
        boundary = "answers-boundary"
        body = b"".join(b"--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" +
                        part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
        status, _, answer = self.request("POST", path, body, {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            **DICOM_JSON})
        try:
            rows = json.loads(answer)
        except ValueError:
            rows = {}
        reasons = [str(item.get("00081197", {}).get("Value", ["?"])[0])
                   for tag in ("00081198", "0008119A") for item in
                   rows.get(tag, {}).get("Value", [])]
        stored = len(rows.get("00081199", {}).get("Value", []))
        return status, stored, reasons


def made(number, extra=b"", study="2.25.7000", character_set="ISO_IR 192", name=b"Made^Up",
         patient=b"MADE"):
    """A small image of an invented patient: elements before group 0010 in `extra`."""
    uid = f"2.25.{70000 + number}"
    dataset = b"".join((
        element(0x00080005, b"CS", character_set.encode()),
        element(0x00080016, b"UI", SECONDARY_CAPTURE.encode()),
        element(0x00080018, b"UI", uid.encode()), element(0x00080060, b"CS", b"OT"), extra,
        element(0x00100010, b"PN", name), element(0x00100020, b"LO", patient),
        element(0x0020000D, b"UI", study.encode()),
        element(0x0020000E, b"UI", (study + ".1").encode()),
        element(0x00280002, b"US", b"\1\0"), element(0x00280004, b"CS", b"MONOCHROME2"),
        element(0x00280010, b"US", b"\2\0"), element(0x00280011, b"US", b"\2\0"),
        element(0x00280100, b"US", b"\x08\0"), element(0x00280101, b"US", b"\x08\0"),
        element(0x00280102, b"US", b"\x07\0"), element(0x00280103, b"US", b"\0\0"),
        element(0x7FE00010, b"OB", b"\1\2\3\4")))
    return part10(SECONDARY_CAPTURE, uid, EXPLICIT, dataset)


def part_header(subject, accept):
    """Content-Type of the first part of the first frame."""
    status, headers, body = subject.get(subject.instance + "/frames/1", accept)
    if status != 200:
        return str(status)
    boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
    part = body.split(b"--" + boundary)[1].split(b"\r\n\r\n")[0].decode("latin-1")
    content_type = re.search(r"(?i)content-type: *([^\r\n]+)", part).group(1)
    return content_type + " in " + re.sub(r'; *boundary="?[^";]+"?', "", headers["Content-Type"])


def in_syntax(subject, syntax):
    status, headers, body = subject.get(
        subject.instance, f'multipart/related; type="application/dicom"; transfer-syntax={syntax}')
    if status != 200:
        return str(status)
    boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
    part = body.split(b"--" + boundary)[1]
    got = Envelope(part[part.index(b"\r\n\r\n") + 4:]).syntax
    return f"{status}, in that syntax" if got == syntax else f"{status}, but {got}"


def search_as(subject, accept):
    status, headers, _ = subject.get("/studies?PatientID=MED-0001", accept)
    return f"{status} {headers.get_content_type()}" if status == 200 else str(status)


def single_part(subject):
    status, headers, _ = subject.get(subject.instance, "application/dicom")
    return f"{status} {headers.get_content_type()}" if status == 200 else str(status)


def ranged_frame(subject):
    status, _, body = subject.request(
        "GET", subject.instance + "/frames/1", None,
        {"Accept": "application/octet-stream", "Range": "bytes=0-99"})
    return f"{status}, 100 bytes" if len(body) == 100 else f"{status}, not 100 bytes"


def metadata(subject):
    status, _, body = subject.get(subject.study + "/metadata", "application/dicom+json")
    if status != 200:
        return str(status)
    dense = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
    return "compact" if len(body) < 1.02 * len(dense.encode()) else "with blanks and tabs"


def status(subject, method, path, accept=None):
    return str(subject.request(method, path, None, {"Accept": accept} if accept else {})[0])


def stored_text(answer):
    status, stored, reasons = answer
    return f"{status}, {stored} stored" + (f", reason {' '.join(reasons)}" if reasons else "")


GOOD = made(1)


def names(subject, samples):
    """How many of these (character set, bytes, name as it is) are answered as they are."""
    wrong = []
    for i, (character_set, raw, right) in enumerate(samples):
        study = f"2.25.71{i:02}{len(samples):02}"
        subject.stow([made(100 * len(samples) + i, study=study, character_set=character_set, name=raw,
                           patient=f"N{len(samples)}{i}".encode())])
        _, _, body = subject.get(f"/studies?StudyInstanceUID={study}", "application/dicom+json")
        row = (json.loads(body) or [{}])[0].get("00100010", {}).get("Value", [{}])[0]
        got = "=".join((row.get(g, "") for g in ("Alphabetic", "Ideographic", "Phonetic")))
        if got.rstrip("=") != right:
            wrong.append(character_set.strip("\\"))
    return "right" if not wrong else "garbled: " + ", ".join(wrong)


JAPANESE = [("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B="
             b"\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B", "Yamada^Tarou=山田^太郎=やまだ^たろう")]
OTHERS = [("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C" + "洪^".encode("euc-kr") + b"\x1b$)C" +
           "吉洞".encode("euc-kr") + b"=\x1b$)C" + "홍^".encode("euc-kr") + b"\x1b$)C" +
           "길동".encode("euc-kr"), "Hong^Gildong=洪^吉洞=홍^길동"),
          ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
          ("ISO_IR 126", "Διονυσιος".encode("iso8859-7"), "Διονυσιος"),
          ("ISO_IR 127", "قباني^لنزار".encode("iso8859-6"), "قباني^لنزار"),
          ("ISO_IR 138", "שרון^דבורה".encode("iso8859-8"), "שרון^דבורה"),
          ("ISO_IR 166", "นามสกุล".encode("tis-620"), "นามสกุล"),
          ("ISO_IR 192", "Äneas^Rüdiger=王".encode(), "Äneas^Rüdiger=王")]


def nested_sequences(depth):
    """A secondary capture whose Referenced Series Sequence holds itself `depth` times, closed."""
    head = struct.pack("<HH", 0x0008, 0x1115) + b"SQ\0\0" + b"\xff" * 4
    item, end = b"\xfe\xff\x00\xe0" + b"\xff" * 4, b"\xfe\xff\x0d\xe0" + bytes(4) + \
        b"\xfe\xff\xdd\xe0" + bytes(4)
    return made(50, extra=(head + item) * depth + end * depth)


def bomb_by_http(subject):
    try:
        status, _, reasons = subject.stow([nested_sequences(20000)])
        text = f"{status}" + (f", reason {' '.join(reasons)}" if reasons else "")
    except (OSError, socket.timeout):
        text = "no answer"
    return text + (", alive" if lives(subject) else ", the process died")


def lives(subject):
    try:
        return subject.alive() and subject.get("/studies?limit=1", "application/dicom+json")[0] == 200
    except OSError:
        return False
