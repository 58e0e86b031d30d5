"""The doors through which samples go in: STOW-RS, a sender of raw P-DATA, and DCMTK's dcmsend.

Each gives (instance, answer, sent): the SOP Instance UID when it was stored, else ""; the status and
reason answered, or why nothing was sent; and whether it was sent at all."""
import re
import subprocess

import dimse
from server import first, values


def reasons(answer):
    """Failure Reasons in a STOW answer, as hexadecimal text."""
    return [f"{first(item, '00081197'):04X}" for tag in ("00081198", "0008119A")
            for item in values(answer, tag)]


def stow(server, sample):
    status, answer = server.stow([sample.file])
    stored = values(answer, "00081199")
    if status in (200, 202) and len(stored) == 1:
        return first(stored[0], "00081155"), str(status), True
    return "", f"{status} {' '.join(reasons(answer))}".strip(), True


def p_data(server, sample):
    context = (sample.sop_class, sample.syntax)
    try:
        with dimse.Association(server.dicom_port, [context]) as association:
            status, _ = association.store(*context, sample.announced, sample.dataset)
    except (dimse.Refused, OSError) as error:
        return "", str(error), True
    return sample.announced if status == 0 else "", f"{status:04X}", True


def dcmsend(server, sample):
    try:
        run = subprocess.run(
            ["dcmsend", "-d", "--decompress-never", "--no-uid-checks", "--no-halt", "--read-file",
             "-aec", "MEDARC", "127.0.0.1", str(server.dicom_port), sample.path],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    except FileNotFoundError:
        return "", "dcmsend is not installed", False
    text = run.stdout.decode("utf-8", "replace").replace(sample.path, "the file")
    if run.returncode < 0:
        return "", f"dcmsend was ended by signal {-run.returncode}", False
    answer = re.search(r"DIMSE Status\s*: 0x([0-9a-f]{4})", text)
    if answer:
        status = answer.group(1).upper()
        return sample.announced if status == "0000" else "", status, True
    said = [line[3:].strip() for line in text.splitlines() if line[:3] in ("E: ", "F: ")]
    said = said or [line[3:].strip() for line in text.splitlines() if line[:3] == "W: "]
    return "", " ".join(said[:2]) or f"dcmsend ended with {run.returncode}", False
