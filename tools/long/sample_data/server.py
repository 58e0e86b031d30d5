"""A server process of its own directory and ports, and the requests made to it."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

WEB = "/dicom-web"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binary, config="", arguments=()):
        """`config` is TOML text, `arguments` go to `medarc serve`."""
        self.directory = tempfile.mkdtemp(prefix="medarc-sample-data-")
        self.http_port, self.dicom_port = free_port(), free_port()
        self.log_path = os.path.join(self.directory, "log")
        self.config_path = os.path.join(self.directory, "medarc.toml")
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(config)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--data", os.path.join(self.directory, "data"),
                 "--http", f"127.0.0.1:{self.http_port}",
                 "--dicom", f"127.0.0.1:{self.dicom_port}", "--config", self.config_path,
                 *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        for port in (self.http_port, self.dicom_port):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline or not self.alive():
                        raise SystemExit("the server did not start: " +
                                         open(self.log_path, errors="replace").read()[-2000:])
                    time.sleep(0.05)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)

    def alive(self):
        return self.process.poll() is None

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    def stop(self):
        """The process's exit status."""
        self.connection.close()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        shutil.rmtree(self.directory)
        return code

    def request(self, method, path, body=None, headers=None):
        for again in (True, False):
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, OSError):
                self.connection.close()
                if not again or not self.alive():
                    raise
        raise AssertionError

    def stow(self, files):
        """Status and answer of one request with these files."""
        boundary = "medarc-sample-data-boundary"
        parts = [b"--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + f +
                 b"\r\n" for f in files]
        body = b"".join(parts) + b"--" + boundary.encode() + b"--\r\n"
        status, _, answer = self.request(
            "POST", WEB + "/studies", body,
            {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
             "Accept": "application/dicom+json"})
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, {}

    def qido(self, path, **keys):
        query = urllib.parse.urlencode(keys)
        status, _, answer = self.request("GET", f"{WEB}/{path}?{query}",
                                         headers={"Accept": "application/dicom+json"})
        return (json.loads(answer) if answer else []) if status in (200, 204) else []

    def wado(self, path):
        """Status, transfer syntax of the part and the part's bytes."""
        status, headers, body = self.request(
            "GET", path,
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
        if status != 200:
            return status, "", body
        boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
        start = body.index(b"\r\n\r\n") + 4
        end = body.rindex(b"\r\n--" + boundary + b"--")
        head = body[:start].decode("latin-1")
        syntax = re.search(r"transfer-syntax=([0-9.]+)", head)
        return status, syntax.group(1) if syntax else "", body[start:end]

    def frames(self, path, count):
        """The bytes of each frame of an uncompressed object; None when they are refused."""
        status, headers, body = self.request(
            "GET", f"{path}/frames/" + ",".join(str(n) for n in range(1, count + 1)),
            headers={"Accept": 'multipart/related; type="application/octet-stream"'})
        if status != 200:
            return None
        boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"]).group(1).encode()
        return [part[part.index(b"\r\n\r\n") + 4:-2]
                for part in body.split(b"--" + boundary)[1:-1]]


def values(dataset, tag):
    return dataset.get(tag, {}).get("Value", [])


def first(dataset, tag):
    found = values(dataset, tag)
    return found[0] if found else ""


def name_of(dataset):
    """Patient's Name as the standard writes it: groups joined by =."""
    pn = first(dataset, "00100010") or {}
    groups = [pn.get(g, "") for g in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(groups).rstrip("=")
