#!/usr/bin/env python3
"""Asks Orthanc and Medarc the same questions side by side: docs/peers.md. Fails when an answer of
Medarc is not among those wanted, or differs from the one the document gives.

    tests/interop/peers_test.py [--write]     writes the document instead of comparing with it
"""
import os
import re
import sys
import unittest

import answers
import dimse
import interop
import orthanc
from answers import (GOOD, JAPANESE, OTHERS, bomb_by_http, in_syntax, lives, metadata, names,
                     nested_sequences, part_header, ranged_frame, search_as, single_part, status,
                     stored_text)
from part10 import EXPLICIT, Envelope

DOCUMENT = os.path.join(interop.TOP, "docs", "peers.md")
HEAD = """# The same questions, asked of Orthanc and of Medarc

Debian's Orthanc {version} with its DICOMweb plug-in {plugin}, told to answer in UTF-8, and Medarc; both
fresh, with the two studies of `medarc sample`. Made and checked by

    tests/interop/peers_test.py --write

which is also a test: an answer of Medarc outside the "wanted" column fails it. What the standard leaves
open is decided in "wanted" as users of real clients need it. Not there yet: {not_yet}.

| question | Orthanc | Medarc | wanted |
|---|---|---|---|
"""
OCTETS = 'multipart/related; type="application/octet-stream"'


def bomb_by_c_store(subject):
    file = nested_sequences(20000)
    envelope = Envelope(file)
    context = (envelope.sop_class, EXPLICIT)
    try:
        with dimse.Association(subject.dicom_port, [context], called=subject.aet) as association:
            status, _ = association.store(*context, envelope.instance, file[envelope.length:])
        text = f"{status:04X}"
    except (dimse.Refused, OSError):
        text = "no answer"
    # The one who died answers no other; the process may be a moment in dying.
    interop.eventually(lambda: not lives(subject), 1)
    return text + (", alive" if lives(subject) else ", the process died")


def move_to_nobody(subject):
    output = interop.run("movescu", "-d", "-S", "-aec", subject.aet, "-aem", "NOBODY", "-k",
                         "0008,0052=STUDY", "-k", f"0020,000D={subject.facts['ct_study']}",
                         "127.0.0.1", subject.dicom_port)[1]
    statuses = re.findall(r"DIMSE Status\s*: 0x([0-9a-f]{4})", output)
    return statuses[-1].upper() if statuses else "no answer"


def frame(subject, number):
    return str(subject.get(f"{subject.instance}/frames/{number}", OCTETS)[0])


NONE = ("200, 0 of 2 studies", "204")
SYNTAX = "200, in that syntax"
# Question, how it is asked, the answers that are right as a regular expression, and how the document
# writes them.
QUESTIONS = [
    ("QIDO that matches nothing", lambda s: s.count("PatientID=NOBODY"), "|".join(NONE),
     "200 `[]` or 204"),
    ("QIDO with an offset beyond the end", lambda s: s.count("offset=1000"), "|".join(NONE),
     "200 `[]` or 204"),
    ("QIDO with an unknown keyword", lambda s: s.count("NoSuchKeyword=1"),
     "400|200, . of 2 studies, Warning 299", "400 or a Warning"),
    ("QIDO with a tag of 7 digits", lambda s: s.count("0010002=1"),
     "400|200, . of 2 studies, Warning 299", "400 or a Warning"),
    ("QIDO `limit=-1`", lambda s: s.count("limit=-1"), "400", "400"),
    ("QIDO `limit=abc`", lambda s: s.count("limit=abc"), "400", "400"),
    ("QIDO `fuzzymatching=true` for \"ahlgr\"",
     lambda s: s.count("PatientName=ahlgr&fuzzymatching=true"),
     "200, 2 of 2 studies.*|200, . of 2 studies, Warning 299", "a match or a Warning"),
    ("QIDO for a list of UIDs, `a\\b`",
     lambda s: s.count(f"StudyInstanceUID={s.facts['ct_study']}%5C{s.facts['cine_study']}"),
     "200, 2 of 2 studies", "both"),
    ("QIDO, Accept: text/html", lambda s: search_as(s, "text/html"), "406", "406"),
    ("QIDO, Accept: multipart XML",
     lambda s: search_as(s, 'multipart/related; type="application/dicom+xml"'),
     "200 multipart/related", "200, multipart XML"),
    ("an instance as `application/dicom`", single_part, "200 application/dicom",
     "200, single part"),
    ("an instance in JPEG 2000 (.90)", lambda s: in_syntax(s, "1.2.840.10008.1.2.4.90"), SYNTAX,
     SYNTAX),
    ("an instance in HTJ2K (.201)", lambda s: in_syntax(s, "1.2.840.10008.1.2.4.201"), SYNTAX,
     SYNTAX),
    ("an instance in a transfer syntax of nobody", lambda s: in_syntax(s, "1.2.3.4"), "406", "406"),
    ("an instance in JPEG-LS (.80)", lambda s: in_syntax(s, "1.2.840.10008.1.2.4.80"), SYNTAX,
     SYNTAX),
    ("Content-Type of a frame's part", lambda s: "`" + part_header(s, OCTETS) + "`",
     r"`application/octet-stream(; *transfer-syntax=1\.2\.840\.10008\.1\.2\.1)? in "
     r'multipart/related; *type="application/octet-stream"'
     r'(; *transfer-syntax=1\.2\.840\.10008\.1\.2\.1)?`',
     "`type` and `transfer-syntax` are two parameters"),
    ("frame 0", lambda s: frame(s, 0), "400", "400"),
    ("frame 999 of 1", lambda s: frame(s, 999), "404", "404"),
    ("100 bytes of a frame by Range", ranged_frame, "206, 100 bytes", "206"),
    ("metadata of a study", metadata, "compact", "compact"),
    ("thumbnail of an instance",
     lambda s: status(s, "GET", s.instance + "/thumbnail", "image/jpeg"), "200", "200"),
    ("bulk data of an instance",
     lambda s: status(s, "GET", s.instance + "/bulkdata/7FE00010", "application/octet-stream"), "200",
     "200"),
    ("pixel data of an instance",
     lambda s: status(s, "GET", s.instance + "/pixeldata", OCTETS), "200", "200"),
    ("work items", lambda s: status(s, "GET", "/workitems", "application/dicom+json"), "20[04]",
     "200 or 204"),
    ("OPTIONS", lambda s: status(s, "OPTIONS", "/studies"), "20[04]", "200 or 204"),
    ("STOW into another study's address",
     lambda s: stored_text(s.stow([GOOD], "/studies/2.25.404")), "409, 0 stored, reason 272",
     "409, reason 272"),
    ("STOW of a good and a garbage part",
     lambda s: stored_text(s.stow([GOOD, b"no DICOM at all"])), "202, 1 stored.*", "202"),
    ("STOW of the same again", lambda s: stored_text(s.stow([GOOD])), "200, 1 stored", "200"),
    ("STOW of nothing", lambda s: stored_text(s.stow([])), "(400|204), 0 stored", "400 or 204"),
    ("name in ISO 2022 IR 87, three groups", lambda s: names(s, JAPANESE), "right", "山田^太郎"),
    ("names in ISO 2022 IR 149, GB18030, Greek, Arabic, Hebrew, Thai, UTF-8",
     lambda s: names(s, OTHERS), "right", "right"),
    ("C-MOVE to an unknown AE title", move_to_nobody, "A801", "A801"),
    ("20,000 nested sequences by STOW", bomb_by_http, "(400|409)(, reason 49152)?, alive",
     "400 or 409, alive"),
    ("20,000 nested sequences by C-STORE", bomb_by_c_store, "(C...|A9..), alive",
     "C000 or A9xx, alive"),
]
# Wanted, and not there yet.
NOT_YET = set()


class Peers(unittest.TestCase):
    maxDiff = None

    def test_every_answer_of_medarc_is_one_of_those_wanted(self):
        sample = interop.Sample(3, 64, 3)
        first = Envelope(interop.read(sample.ct[0])).instance

        def fresh_orthanc():
            server = orthanc.Orthanc()
            for path in sample.images:
                server.upload(interop.read(path))
            return answers.Subject(server, "ORTHANC", sample.facts, first)
        server = interop.start(interop.peer("SAMPLES") + interop.peer("MOVESCU"))
        sample.store(server)
        medarc, other = answers.Subject(server, "MEDARC", sample.facts, first), fresh_orthanc()
        version = other.server.call("GET", "/system")["Version"]
        plugin = other.server.call("GET", "/plugins/dicom-web")["Version"]

        rows, wrong, missing = [], [], []
        for question, ask, right, wanted in QUESTIONS:
            theirs, ours = ask(other), ask(medarc)
            if "died" in theirs:
                other.server.stop()
                other = fresh_orthanc()
            rows.append((question, theirs, ours, wanted))
            if re.fullmatch(right, ours):
                continue
            if question in NOT_YET:
                missing.append(question)
            else:
                wrong.append(f"{question}: {ours}, not {wanted}")
        other.server.stop()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(wrong, [])

        text = HEAD.format(version=version, plugin=plugin,
                           not_yet="; ".join(missing) or "nothing") + "".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)
        if WRITE:
            with open(DOCUMENT, "w", encoding="utf-8") as file:
                file.write(text)
            return
        documented = [line.split(" | ") for line in
                      interop.read(DOCUMENT).decode().splitlines() if line.startswith("| ")][1:]
        self.assertEqual([row[0][2:] for row in documented], [row[0] for row in rows])
        for row, (question, _, ours, _) in zip(documented, rows):
            if question not in NOT_YET:
                self.assertEqual(row[2], ours, f"{question}: write docs/peers.md anew")
        for row, (question, theirs, _, _) in zip(documented, rows):
            if row[1] != theirs:
                print(f"Orthanc's answer has changed: {question}: {theirs}")


WRITE = "--write" in sys.argv
if __name__ == "__main__":
    if WRITE:
        sys.argv.remove("--write")
    interop.main(programmes=["movescu"], files=[orthanc.PROGRAMME, orthanc.PLUGIN])
