"""The doors through which samples go in: STOW-RS, a sender of raw P-DATA, and DCMTK's dcmsend."""
import os
import re
import subprocess

import dimse
from server import first, values


def reasons(answer):
    """Failure Reasons in a STOW answer, as hexadecimal text."""
    return [f"{first(item, '00081197'):04X}" for tag in ("00081198", "0008119A")
            for item in values(answer, tag)]


def stow(server, sample):
    """(instance or "", what was answered)."""
    status, answer = server.stow([sample.file])
    stored = values(answer, "00081199")
    if status in (200, 202) and len(stored) == 1:
        return first(stored[0], "00081155"), str(status)
    return "", f"{status} {' '.join(reasons(answer))}".strip()


def p_data(server, sample):
    context = (sample.sop_class, sample.syntax)
    try:
        with dimse.Association(server.dicom_port, [context]) as association:
            status, _ = association.store(*context, sample.announced, sample.dataset)
    except (dimse.Refused, OSError) as error:
        return "", str(error)
    return sample.announced if status == 0 else "", f"{status:04X}"


def dcmsend(server, sample):
    run = subprocess.run(
        ["dcmsend", "-v", "--decompress-never", "--no-uid-checks", "--no-halt", "--read-file",
         "-aec", "MEDARC", "127.0.0.1", str(server.dicom_port), sample.path],
        capture_output=True, timeout=120, check=False, env={**os.environ, "TZ": "UTC"})
    text = (run.stdout + run.stderr).decode("utf-8", "replace")
    if run.returncode < 0:
        return "", f"not sent: dcmsend was ended by signal {-run.returncode}"
    if "with status SUCCESS" in text and "not accepted" not in text:
        found = re.search(r"Received C-STORE Response \(Success\)", text)
        if found:
            return sample.announced, "0000"
    answer = re.search(r"Received C-STORE Response \(([^)]*)\)", text)
    if answer:
        return (sample.announced if answer.group(1) == "Success" else ""), answer.group(1)
    said = [line.split(": ", 1)[1] for line in text.splitlines() if line[:2] in ("E:", "F:", "W:")
            and ": " in line]
    said = [line.replace(sample.path, "the file") for line in said]
    return "", "not sent: " + (said[0] if said else f"dcmsend ended with {run.returncode}")
