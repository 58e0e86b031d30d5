#!/usr/bin/env python3
"""dicom3tools' dciodvfy on what Medarc emits: the sample patient has no errors, and an object that was
converted has none that its input had not."""
import os
import unittest

import interop
from part10 import Envelope, part10

# How DCMTK makes an input of a form; the forms are what modalities send.
FORMS = {
    "implicit VR": ["dcmconv", "+ti"], "big endian": ["dcmconv", "+tb"],
    "deflated": ["dcmconv", "+td"], "RLE": ["dcmcrle", "+un"], "JPEG-LS": ["dcmcjpls", "+un"],
    "JPEG lossless": ["dcmcjpeg", "+un"], "JPEG baseline": ["dcmcjpeg", "+eb", "+un"],
}
JPEG_2000 = "1.2.840.10008.1.2.4.90"
# What is asked of the server; those it makes itself.
SYNTAXES = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
            JPEG_2000, interop.HTJ2K, "1.2.840.10008.1.2.5"]


def errors(path):
    """The error lines of dciodvfy."""
    code, output = interop.run("dciodvfy", path)
    assert "Error" in output or code == 0, output
    return {line.strip() for line in output.splitlines() if line.startswith("Error")}


class Dciodvfy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = interop.Sample(2, 64, 3)
        cls.directory = interop.temporary_directory()
        cls.inputs = {}
        for form, command in FORMS.items():
            for kind, path in (("CT", cls.sample.ct[0]), ("cine", cls.sample.cine)):
                if form == "JPEG baseline" and kind == "CT":
                    continue  # 8 bits only
                made = os.path.join(cls.directory, f"{form}-{kind}.dcm".replace(" ", "-"))
                code, output = interop.run(*command, path, made)
                assert code == 0, output
                cls.inputs[form, kind] = (made, path)

    def emitted(self, server, path, instance, syntax):
        row, = server.qido("instances", SOPInstanceUID=instance)
        uids = [row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")]
        got = interop.in_syntax(
            server, "/dicom-web/studies/{}/series/{}/instances/{}".format(*uids), syntax)
        if syntax == interop.HTJ2K:
            # Debian's dciodvfy takes it for a syntax without fragments; JPEG 2000's are the same.
            envelope = Envelope(got)
            got = part10(envelope.sop_class, instance, JPEG_2000, got[envelope.length:])
        out = os.path.join(self.directory, "emitted.dcm")
        with open(out, "wb") as file:
            file.write(got)
        return out

    def test_the_sample_patient_has_no_errors(self):
        for path in self.sample.images:
            self.assertEqual(errors(path), set(), path)

    def test_nothing_emitted_has_an_error_its_input_had_not(self):
        checked = 0
        for (form, kind), (path, plain) in self.inputs.items():
            # dciodvfy cannot read deflated files, nor does Medarc compress their images.
            deflated = form == "deflated"
            had = errors(plain if deflated else path)
            server = interop.start()
            status, answer = server.stow([interop.read(path)])
            self.assertEqual(status, 200, answer)
            instance = Envelope(interop.read(path)).instance
            for syntax in SYNTAXES[:1] if deflated else SYNTAXES:
                with self.subTest(form=form, kind=kind, syntax=syntax):
                    new = errors(self.emitted(server, path, instance, syntax)) - had
                    self.assertEqual(new, set())
                checked += 1
            self.assertEqual(server.stop(), 0)
        self.assertEqual(checked, (len(self.inputs) - 2) * len(SYNTAXES) + 2)


if __name__ == "__main__":
    interop.main(programmes=["dciodvfy", "dcmconv", "dcmcrle", "dcmcjpls", "dcmcjpeg"])
