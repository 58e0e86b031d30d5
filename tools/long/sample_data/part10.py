"""DICOM files taken apart without the server's code: envelope, elements, comparison."""
import struct

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
WORDS = {b"US": 2, b"SS": 2, b"OW": 2, b"AT": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"OF": 4, b"OL": 4,
         b"FD": 8, b"OD": 8, b"SV": 8, b"UV": 8, b"OV": 8}
UNDEFINED = 0xFFFFFFFF


class Envelope:
    """What stands before the dataset: its length and the three UIDs it names ("" when missing)."""

    def __init__(self, file):
        self.length, self.syntax, self.sop_class, self.instance = 0, "", "", ""
        # "DICM" may also stand in a value of a dataset without preamble.
        prefix = file[128:132] == b"DICM" and (file[132:134] == b"\x02\x00" or
                                               file[:2] != b"\x08\x00")
        at = 132 if prefix else 4 if file[:4] == b"DICM" else 0
        while file[at:at + 2] == b"\x02\x00" and len(file) >= at + 8:
            vr = file[at + 4:at + 6]
            head = 12 if vr in LONG else 8
            size = struct.unpack_from("<I", file, at + 8)[0] if head == 12 and len(
                file) >= at + 12 else struct.unpack_from("<H", file, at + 6)[0]
            text = file[at + head:at + head + size].rstrip(b"\0 ").decode("latin-1")
            element = struct.unpack_from("<H", file, at + 2)[0]
            if element == 0x0010:
                self.syntax = text
            elif element == 0x0002:
                self.sop_class = text
            elif element == 0x0003:
                self.instance = text
            at += head + size
        self.length = min(at, len(file))
        if not self.syntax:
            start = file[self.length:self.length + 6]
            named = start[4:6].isalpha() and start[4:6].isupper()
            self.syntax = IMPLICIT if not named else BIG if start[:1] == b"\0" else EXPLICIT


class Difference(Exception):
    """Where two datasets are not equal; holds no values."""


class _Reader:
    def __init__(self, data, syntax):
        self.data, self.at, self.bits_allocated = data, 0, 0
        self.big = syntax == BIG
        self.implicit = syntax == IMPLICIT

    def number(self, form, at):
        return struct.unpack_from((">" if self.big else "<") + form, self.data, at)[0]

    def header(self, implicit):
        if self.at + 8 > len(self.data):
            raise Difference("cut short")
        tag = self.number("H", self.at) << 16 | self.number("H", self.at + 2)
        if tag >> 16 == 0xFFFE or implicit:
            size = self.number("I", self.at + 4)
            self.at += 8
            return tag, None, size
        vr = self.data[self.at + 4:self.at + 6]
        if vr in LONG:
            size = self.number("I", self.at + 8)
            self.at += 12
        else:
            size = self.number("H", self.at + 6)
            self.at += 8
        return tag, vr, size

    def value(self, tag, vr, size):
        value = self.data[self.at:self.at + size]
        self.at += size
        width = WORDS.get(vr, 1) if self.big else 1
        # Pixels longer than the words of OW are swapped whole, as those who write them do.
        if tag == 0x7FE00010 and self.big:
            width = max(width, self.bits_allocated // 8)
        if width > 1 and len(value) % width == 0:
            value = b"".join(value[i:i + width][::-1] for i in range(0, len(value), width))
        if tag == 0x00280100:
            self.bits_allocated = int.from_bytes(value, "little")
        return value

    def fragments(self):
        out = []
        while True:
            tag, _, size = self.header(True)
            if tag == 0xFFFEE0DD:
                return out
            out.append(self.data[self.at:self.at + size])
            self.at += size


def _next(reader, implicit, end):
    """The next element's header, group lengths and trailing padding passed over; None at the end of
    the level."""
    while True:
        if end is not None and reader.at >= end:
            return None
        if end is None or reader.at + 8 <= end:
            start = reader.at
            tag, vr, size = reader.header(implicit)
            if tag == 0xFFFEE00D:
                if end is None:
                    return None
                continue
            if tag == 0 and reader.data[start:].strip(b"\0") == b"":
                reader.at = end
                return None  # padded with zeros
            if tag & 0xFFFF == 0 or tag == 0xFFFCFFFC:
                reader.at += size
                continue
            return tag, vr, size
        raise Difference("cut short")


def _items(a, b, a_implicit, b_implicit, a_size, b_size, path):
    a_end = None if a_size == UNDEFINED else a.at + a_size
    b_end = None if b_size == UNDEFINED else b.at + b_size
    count = 0
    while True:
        ends = []
        sizes = []
        for reader, end in ((a, a_end), (b, b_end)):
            if end is not None and reader.at >= end:
                ends.append(True)
                sizes.append(0)
                continue
            tag, _, size = reader.header(True)
            if tag not in (0xFFFEE000, 0xFFFEE0DD):
                raise Difference(f"{path}: no item")
            ends.append(tag == 0xFFFEE0DD)
            sizes.append(size)
        if ends[0] != ends[1]:
            raise Difference(f"{path}: another number of items")
        if ends[0]:
            return
        bounds = [None if s == UNDEFINED else r.at + s for r, s in zip((a, b), sizes)]
        _level(a, b, a_implicit, b_implicit, bounds[0], bounds[1], f"{path}[{count}]")
        count += 1


def _level(a, b, a_implicit, b_implicit, a_end, b_end, path):
    while True:
        left, right = _next(a, a_implicit, a_end), _next(b, b_implicit, b_end)
        if left is None or right is None:
            if left is not right:
                raise Difference(f"{path}: one has more elements")
            return
        tag, a_vr, a_size = left
        b_tag, b_vr, b_size = right
        here = f"{path}/{tag:08X}"
        if tag != b_tag:
            raise Difference(f"{here}: the other has {b_tag:08X}")
        pixels = b_size == UNDEFINED and (b_vr in (b"OB", b"OW") or tag == 0x7FE00010)
        if pixels:
            if a.fragments() != b.fragments():
                raise Difference(f"{here}: other fragments")
            continue
        if b"SQ" in (a_vr, b_vr) or UNDEFINED in (a_size, b_size):
            _items(a, b, a_implicit or (a_vr == b"UN"), b_implicit or b_vr == b"UN", a_size,
                   b_size, here)
            continue
        if a_vr is not None and b_vr is not None and a_vr != b_vr:
            too_long = b_vr == b"UN" and b_size > 65534
            if not too_long and a_vr.isalpha() and a_vr.isupper():
                raise Difference(f"{here}: VR {a_vr} became {b_vr}")
        want, got = a.value(tag, a_vr, a_size), b.value(tag, b_vr, b_size)
        # An odd length is made even, and a toolkit trims blanks that mean nothing (PS3.5 6.2).
        if want != got and want.rstrip(b"\0 ") != got.rstrip(b"\0 "):
            raise Difference(f"{here}: another value")


def compare(a, a_syntax, b, b_syntax):
    """None when two plain datasets hold the same elements, else where they first differ."""
    left, right = _Reader(a, a_syntax), _Reader(b, b_syntax)
    try:
        _level(left, right, left.implicit, right.implicit, len(a), len(b), "")
    except Difference as difference:
        return str(difference)
    except struct.error:
        return "cut short"
    return None


def element(tag, vr, value, syntax=EXPLICIT):
    """One element, little endian."""
    value += (b" " if vr not in (b"UI", b"OB", b"UN") else b"\0") * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if syntax == IMPLICIT:
        return head + struct.pack("<I", len(value)) + value
    if vr in LONG:
        return head + vr + b"\0\0" + struct.pack("<I", len(value)) + value
    return head + vr + struct.pack("<H", len(value)) + value


def part10(sop_class, instance, syntax, dataset):
    """A whole file."""
    group = b"".join((element(0x00020001, b"OB", b"\0\1"),
                      element(0x00020002, b"UI", sop_class.encode()),
                      element(0x00020003, b"UI", instance.encode()),
                      element(0x00020010, b"UI", syntax.encode()),
                      element(0x00020012, b"UI", b"2.25.1")))
    return (bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<I", len(group))) +
            group + dataset)
