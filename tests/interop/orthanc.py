"""Debian's Orthanc as a process of its own directory and ports, with its DICOMweb plug-in."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import interop

PROGRAMME = "/usr/sbin/Orthanc"
PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
WEB = "/dicom-web"


class Orthanc:
    """Knows `modalities` (name: [AE title, port]) and DICOMweb `servers` (name: URL)."""

    def __init__(self, modalities=None, servers=None, dicom_port=0, http_port=0):
        self.directory = interop.temporary_directory()
        self.http_port = http_port or interop.free_port()
        self.dicom_port = dicom_port or interop.free_port()
        settings = {
            "Name": "Orthanc", "StorageDirectory": self.directory,
            "IndexDirectory": self.directory, "HttpPort": self.http_port,
            "DicomPort": self.dicom_port, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "DicomCheckCalledAet": True,
            "DicomModalitiesInDatabase": False, "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True, "Plugins": [PLUGIN],
            "DicomWeb": {"Enable": True, "Root": WEB + "/",
                         "Servers": {name: {"Url": url, "HasDelete": True}
                                     for name, url in (servers or {}).items()}},
            "DicomModalities": {
                name: {"AET": aet, "Host": "127.0.0.1", "Port": port,
                       "AllowStorageCommitment": True}
                for name, (aet, port) in (modalities or {}).items()},
            "DefaultEncoding": "Utf8", "StableAge": 1, "JobsHistorySize": 100}
        path = os.path.join(self.directory, "orthanc.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        with open(os.path.join(self.directory, "log"), "wb") as log:
            self.process = subprocess.Popen([PROGRAMME, path], stdout=log, stderr=log)
        atexit.register(self.stop)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.call("GET", "/system")
                return
            except OSError:
                if time.monotonic() > deadline or not self.alive():
                    raise SystemExit("Orthanc did not start: " + self.log()[-2000:])
                time.sleep(0.05)

    def log(self):
        return interop.read(os.path.join(self.directory, "log")).decode("utf-8", "replace")

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        if self.alive():
            # It takes seconds to end by itself, and nothing it holds is wanted.
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)
        shutil.rmtree(self.directory, ignore_errors=True)

    def request(self, method, path, body=None, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", body,
                                         headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def call(self, method, path, body=None):
        """Its own REST interface: JSON in, JSON out; an error status is an OSError."""
        data = None if body is None else json.dumps(body).encode()
        status, _, answer = self.request(method, path, data)
        if status != 200:
            raise OSError(f"Orthanc answered {status} to {method} {path}: {answer[:300]!r}")
        return json.loads(answer) if answer else None

    def upload(self, file):
        status, _, answer = self.request("POST", "/instances", file)
        assert status == 200, answer
        return json.loads(answer)

    def identifier(self, uid):
        """Orthanc's own identifier of what has this UID, or None."""
        status, _, answer = self.request("POST", "/tools/lookup", uid.encode())
        found = json.loads(answer) if status == 200 else []
        return found[0]["ID"] if found else None

    def instances_count(self, study):
        identifier = self.identifier(study)
        if not identifier:
            return 0
        return len(self.call("GET", f"/studies/{identifier}/instances"))

    def file(self, instance):
        """The stored file of a SOP Instance UID."""
        return self.request("GET", f"/instances/{self.identifier(instance)}/file")[2]

    def delete_all(self):
        for study in self.call("GET", "/studies"):
            self.call("DELETE", f"/studies/{study}")
