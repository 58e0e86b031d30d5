"""What the interoperability tests share: which tools must be there, the server, the sample patient,
programmes run to their end."""
import atexit
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(TOP, "tools", "long", "sample_data"))

from part10 import Envelope  # noqa: E402
from server import Server, free_port  # noqa: E402

BINARY = os.environ.get("MEDARC_BINARY", os.path.join(TOP, "build/release/bin/medarc"))
SKIPPED = 77  # what ctest takes as "skipped"
NODE_MODULES = os.path.join(HERE, "node_modules")
# Left by tools/setup where no registry of npm packages answers.
NO_REGISTRY = os.path.join(TOP, ".cache", "no-npm-registry")

EXPLICIT = "1.2.840.10008.1.2.1"
HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_LS = "1.2.840.10008.1.2.4.80"


def main(programmes=(), files=(), npm=(), fetched=None):
    """Runs the tests of the calling file when its tools are there. A missing one fails where
    everything is to be tested (CI is set), else the test counts as skipped. npm packages may also
    be missing in CI, but only when tools/setup found no registry to fetch them from; `fetched` are
    others of them, a name and the file that must be there."""
    missing = [p for p in programmes if not shutil.which(p)] + \
              [f for f in files if not os.path.exists(f)]
    excused = []
    wanted = {f"npm {package}": os.path.join(NODE_MODULES, package) for package in npm}
    for name, path in {**wanted, **(fetched or {})}.items():
        if not os.path.exists(path):
            (excused if os.path.exists(NO_REGISTRY) else missing).append(name)
    if missing or excused:
        print("missing: " + ", ".join(missing + excused) + "; tools/setup --tests installs them")
        if missing and os.environ.get("CI"):
            print("CI tests everything: this is a failure")
            sys.exit(1)
        sys.exit(SKIPPED)
    unittest.main(module="__main__", verbosity=2, failfast=False)


def temporary_directory():
    path = tempfile.mkdtemp(prefix="medarc-interop-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def run(*words, timeout_s=300, environment=None, directory=None):
    """Exit status and all output of a programme."""
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout_s, check=False,
                          env={**os.environ, **(environment or {})}, cwd=directory)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def medarc(*words):
    """Exit status and the result object of a verb run with --json."""
    done = subprocess.run([BINARY, *map(str, words), "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, check=False)
    lines = [json.loads(line) for line in done.stdout.decode().splitlines() if line[:1] == "{"]
    return done.returncode, lines, done.stderr.decode("utf-8", "replace")


def eventually(holds, seconds=90):
    """Whether `holds` becomes true in time; for what another process does of its own accord."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class Sample:
    """The sample patient: a CT series and a cine loop."""

    def __init__(self, slices=4, size=64, frames=5):
        self.directory = os.path.join(temporary_directory(), "sample")
        subprocess.run([BINARY, "sample", self.directory, "--slices", str(slices), "--size",
                        str(size), "--frames", str(frames), "--pairs", "10"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(self.directory, "sample.json"), encoding="utf-8") as file:
            self.facts = json.load(file)
        self.ct = [os.path.join(self.directory, f["path"]) for f in self.facts["files"]
                   if f["path"].startswith("ct/")]
        self.cine = os.path.join(self.directory, "cine", "001.dcm")
        self.images = self.ct + [self.cine]
        self.ct_study, self.ct_series = self.facts["ct_study"], self.facts["ct_series"]
        self.cine_study = self.facts["cine_study"]
        self.cine_path = "studies/{cine_study}/series/{cine_series}/instances/{cine_instance}" \
            .format(**self.facts)

    def store(self, server):
        """All images, by STOW-RS."""
        status, answer = server.stow([read(path) for path in self.images])
        assert status == 200, (status, answer)


def in_syntax(server, path, syntax, instance=None):
    """The file of a stored object in this transfer syntax, made by the server; under another SOP
    Instance UID of the same length when one is given."""
    status, headers, body = server.request(
        "GET", path, headers={"Accept": f"application/dicom; transfer-syntax={syntax}"})
    assert status == 200, (status, body[:300])
    envelope = Envelope(body)
    assert envelope.syntax == syntax, (envelope.syntax, dict(headers))
    return body.replace(envelope.instance.encode(), instance.encode()) if instance else body


def other_uid(uid):
    """Another UID of the same length."""
    return uid[:-1] + str((int(uid[-1]) + 1) % 10)


def serve_directory(directory):
    """The origin of a plain file server for `directory`, for pages of a browser."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=directory)

        def log_message(self, *_):
            pass
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    files.daemon_threads = True
    threading.Thread(target=files.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{files.server_port}"


def node(script, question, timeout_s=300):
    """Runs a script of this folder with `question` on its stdin; what it prints last, as JSON."""
    done = subprocess.run(["node", os.path.join(HERE, script)], input=json.dumps(question).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s,
                          check=False)
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise AssertionError(f"{script} ended with {done.returncode}: {output[-1500:]}" +
                             done.stderr.decode("utf-8", "replace")[-3000:])
    return json.loads(output.strip().splitlines()[-1])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def peer(aet, port=0, extra=""):
    """A [[dicom.peer]] on this machine."""
    return (f'[[dicom.peer]]\naet = "{aet}"\nhost = "127.0.0.1"\nrole = "technologist"\n' +
            (f"port = {port}\n" if port else "") + extra)


# Jobs are tried again soon.
QUICK_JOBS = "[jobs]\nfirst_delay_ms = 200\nlongest_delay_ms = 400\n"


def start(config="", arguments=()):
    """A Medarc of its own, stopped at the end of the programme if not before."""
    server = Server(BINARY, config, arguments)

    def end():
        if server.alive():
            server.stop()
    atexit.register(end)
    return server


__all__ = ["Sample", "Server", "eventually", "free_port", "in_syntax", "main", "medarc", "node",
           "other_uid", "peer", "read", "run", "serve_directory", "start", "temporary_directory"]
