"""A C-STORE sender that parses nothing: upper layer (PS3.8) and DIMSE (PS3.7) over a socket, so
that objects no toolkit would send leave byte for byte."""
import socket
import struct

from part10 import IMPLICIT, element

_APPLICATION = b"1.2.840.10008.3.1.1.1"
_PDV_BYTES = (16 << 10) - 6  # with its head no longer than the shortest usual maximum


class Refused(Exception):
    """The association or the presentation context was not accepted, or broke off."""


def _item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


class Association:
    """contexts: list of (abstract syntax, transfer syntax)."""

    def __init__(self, port, contexts, timeout_s=60, called="MEDARC"):
        self.contexts = list(dict.fromkeys(contexts))
        self.message = 0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = struct.pack(">HH", 1, 0) + called.encode().ljust(16) + b"SAMPLES".ljust(16) + bytes(32)
        body += _item(0x10, _APPLICATION)
        for i, (sop_class, syntax) in enumerate(self.contexts):
            body += _item(0x20, bytes((2 * i + 1, 0, 0, 0)) + _item(0x30, sop_class.encode()) +
                          _item(0x40, syntax.encode()))
        body += _item(0x50, _item(0x51, struct.pack(">I", 0)) + _item(0x52, b"2.25.1"))
        self.socket.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        kind, body = self._pdu()
        if kind != 2:
            raise Refused(f"association refused (PDU {kind})")
        self.accepted = set()
        at = 68
        while at + 4 <= len(body):
            size = struct.unpack_from(">H", body, at + 2)[0]
            if body[at] == 0x21 and body[at + 6] == 0:
                self.accepted.add(body[at + 4])
            at += 4 + size

    def _read(self, size):
        out = b""
        while len(out) < size:
            part = self.socket.recv(size - len(out))
            if not part:
                raise Refused("the connection was closed")
            out += part
        return out

    def _pdu(self):
        kind, _, size = struct.unpack(">BBI", self._read(6))
        return kind, self._read(size)

    def store(self, sop_class, syntax, instance, dataset):
        """The status of one C-STORE and its comment; the dataset goes as it is."""
        context = 2 * self.contexts.index((sop_class, syntax)) + 1
        if context not in self.accepted:
            raise Refused("presentation context not accepted")
        self.message += 1
        group = b"".join((element(0x00000002, b"UI", sop_class.encode(), IMPLICIT),
                          element(0x00000100, b"US", b"\x01\x00", IMPLICIT),
                          element(0x00000110, b"US", struct.pack("<H", self.message), IMPLICIT),
                          element(0x00000700, b"US", b"\0\0", IMPLICIT),
                          element(0x00000800, b"US", b"\1\0", IMPLICIT),
                          element(0x00001000, b"UI", instance.encode(), IMPLICIT)))
        command = element(0, b"UL", struct.pack("<I", len(group)), IMPLICIT) + group
        self._send(context, 3, command)
        for at in range(0, len(dataset), _PDV_BYTES):
            last = at + _PDV_BYTES >= len(dataset)
            self._send(context, 2 if last else 0, dataset[at:at + _PDV_BYTES])
        if not dataset:
            self._send(context, 2, b"")
        return self._answer()

    def _send(self, context, control, body):
        value = struct.pack(">IBB", len(body) + 2, context, control) + body
        self.socket.sendall(struct.pack(">BBI", 4, 0, len(value)) + value)

    def _answer(self):
        command = b""
        while True:
            kind, body = self._pdu()
            if kind != 4:
                raise Refused(f"aborted (PDU {kind})")
            at, last = 0, False
            while at + 6 <= len(body):
                size, _, control = struct.unpack_from(">IBB", body, at)
                command += body[at + 6:at + 4 + size]
                last = last or control & 2 != 0
                at += 4 + size
            if last:
                break
        status, comment, at = None, "", 0
        while at + 8 <= len(command):
            group, number, size = struct.unpack_from("<HHI", command, at)
            value = command[at + 8:at + 8 + size]
            if (group, number) == (0, 0x0900):
                status = struct.unpack("<H", value)[0]
            elif (group, number) == (0, 0x0902):
                comment = value.decode("latin-1").strip("\0 ")
            at += 8 + size
        if status is None:
            raise Refused("an answer without a status")
        return status, comment

    def close(self):
        try:
            self.socket.sendall(struct.pack(">BBI", 5, 0, 4) + bytes(4))
            self._pdu()
        except (OSError, Refused):
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
