"""Broken and odd files, each between two good ones: the process lives, the answer is the right one,
the neighbours are stored. Nested sequences are also made here, deeper than any file holds."""
import struct

import dimse
from doors import reasons
from part10 import EXPLICIT, IMPLICIT, UNDEFINED, element, part10
from samples import path_of, split
from server import first, values

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def _uid(number):
    return f"2.25.{880000000 + number}"


class Good:
    """A small image of an invented patient; every number is another instance."""
    made = 0

    def __init__(self, extra=b"", syntax=EXPLICIT):
        Good.made += 1
        self.triple = (_uid(1), _uid(2), _uid(1000 + Good.made))
        e = lambda tag, vr, value: element(tag, vr, value, syntax)
        number = lambda n: struct.pack("<H", n)
        self.syntax, self.sop_class, self.announced = syntax, SECONDARY_CAPTURE, self.triple[2]
        self.dataset = b"".join((
            e(0x00080016, b"UI", SECONDARY_CAPTURE.encode()),
            e(0x00080018, b"UI", self.triple[2].encode()), e(0x00080060, b"CS", b"OT"),
            extra if extra[:2] == b"\x08\x00" else b"",
            e(0x00100010, b"PN", b"Sibling^Good"), e(0x00100020, b"LO", b"SIBLING"),
            e(0x0020000D, b"UI", self.triple[0].encode()),
            e(0x0020000E, b"UI", self.triple[1].encode()), e(0x00280002, b"US", number(1)),
            e(0x00280010, b"US", number(4)), e(0x00280011, b"US", number(4)),
            e(0x00280100, b"US", number(8)),
            e(0x7FE00010, b"OB", Good.made.to_bytes(16, "little"))))
        self.file = part10(SECONDARY_CAPTURE, self.triple[2], syntax, self.dataset)


def nested(depth, syntax, closed, in_unknown=False, defined=False):
    """An image whose Referenced Series Sequence (0008,1115) holds itself `depth` times."""
    implicit = syntax == IMPLICIT or in_unknown
    tag = struct.pack("<HH", 0x0008, 0x1115)
    item, item_end = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0" + bytes(4)
    sequence_end = b"\xfe\xff\xdd\xe0" + bytes(4)
    if defined:
        # Lengths shrink inwards; only as many levels as 32 bits and patience allow.
        head = 8 if implicit else 12
        parts, left = [], depth * (head + 8)
        for _ in range(depth):
            left -= head
            parts.append(tag + (b"" if implicit else b"SQ\0\0") + struct.pack("<I", left))
            left -= 8
            parts.append(item + struct.pack("<I", left))
        return b"".join(parts)
    open_one = tag + (b"" if implicit else b"SQ\0\0") + struct.pack("<I", UNDEFINED)
    open_one += item + struct.pack("<I", UNDEFINED)
    first_one = open_one
    if in_unknown:
        first_one = tag + b"UN\0\0" + open_one[4:]
    body = first_one + open_one * (depth - 1)
    return body + (item_end + sequence_end) * depth if closed else body


def bombs():
    """(name, object, is it to be stored)"""
    out = []
    for depth in (64, 65, 5000, 20_000, 100_000, 1_000_000):
        for syntax, word in ((EXPLICIT, "explicit"), (IMPLICIT, "implicit")):
            for kind, options in (("undefined length", {"closed": True}),
                                  ("unclosed", {"closed": False}),
                                  ("defined length", {"closed": True, "defined": True}),
                                  ("in UN", {"closed": True, "in_unknown": True})):
                if kind == "in UN" and syntax == IMPLICIT:
                    continue
                good = depth <= 64 and kind != "unclosed"
                bomb = Good(nested(depth, syntax, **options), syntax)
                out.append((f"nested {depth} {kind} {word}", bomb, good))
    return out


# What each file must be answered; those not named are ordinary in what is stored (200) or carry
# something to warn of (202).
_CUT = ("MR_truncated.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm", "element_claims_4GiB.dcm",
        "truncated_in_header.dcm", "truncated_in_meta.dcm", "truncated_in_pixels.dcm")
_NO_DICOM = ("no_meta.dcm", "zipMR.gz", "zero_bytes.dcm", "only_dicm_magic.dcm",
             "meta_missing_tsyntax.dcm", "meta_vr_nonsense.dcm", "GH179B.dcm")
_TOO_DEEP = ("nested_sq_20000.dcm", "nested_sq_5000_unclosed.dcm")
_BAD_UIDS = ("uid_absolute.dcm", "uid_path_traversal.dcm", "uid_sql.dcm")
_NO_UID = ("uid_empty.dcm", "empty_charset_LEI.dcm", "nested_priv_SQ.dcm",
           "no_preamble_dicm_in_data")
_WARNED = ("ExplVR_BigEnd.dcm", "GH179A.dcm", "GH223.dcm", "GH487.dcm", "bad_sequence.dcm",
           "Tag-0040-A170-VR-CS.dcm", "basic_offset_table_lies.dcm", "bits_allocated_0.dcm",
           "dims_65535_tiny_pixels.dcm", "element_order_descending.dcm", "frames_2147483647.dcm",
           "frames_negative.dcm", "rows_as_UL_0x10001.dcm", "samples_65535.dcm",
           "trailing_garbage.dcm", "uid_65_chars.dcm", "uid_leading_zero.dcm", "vr_nonsense.dcm")
# A command names instance and transfer syntax, so that by C-STORE these can be kept.
_COMMAND_HELPS = _NO_UID + ("meta_missing_tsyntax.dcm",)


def wanted(name, door):
    """The answers that are right: by STOW with two good neighbours, or by C-STORE."""
    base = name.rsplit("/", 1)[-1]
    stow = door == "STOW-RS"
    if not stow and base in _COMMAND_HELPS:
        return {"0000"}
    if base in _CUT + _NO_DICOM + _TOO_DEEP + _BAD_UIDS:
        return {"202 C000"} if stow else {"C000"}
    if base in _NO_UID:
        return {"202 A900"} if stow else {"0000"}
    if not stow:
        return {"0000"}
    return {"202 warned"} if base in _WARNED else {"200", "202 warned"}


class Outcome:
    """What was answered, the place it was stored at (None when not), and what is wrong."""

    def __init__(self, answer, triple, wrong):
        self.answer, self.triple, self.wrong = answer, triple, wrong


def _sibling_wrong(server, good, whole):
    status, _, got = server.request("GET", path_of(good.triple) + "/original")
    if status != 200 or (got != good.file if whole else split(got)[1] != good.dataset):
        return ["a neighbour did not come back"]
    return []


def by_stow(server, sample):
    before, after = Good(), Good()
    status, answer = server.stow([before.file, sample.file, after.file])
    stored = [first(item, "00081155") for item in values(answer, "00081199")]
    failed = reasons(answer)
    wrong = []
    if {before.announced, after.announced} - set(stored):
        wrong.append("a neighbour is not reported stored")
    wrong += _sibling_wrong(server, before, True) + _sibling_wrong(server, after, True)
    if len(stored) + len(failed) != 3:
        wrong.append(f"{len(stored)} stored and {len(failed)} failed of 3")
    warned = any("00081196" in item for item in values(answer, "00081199"))
    if status != (202 if failed or warned else 200):
        wrong.append("the status does not fit the report")
    alone, answer = server.stow([sample.file])
    if failed and alone != 409:
        wrong.append(f"alone it is answered {alone}")
    if failed and reasons(answer) != failed:
        wrong.append("alone it has another reason")
    own = values(answer, "00081199")  # of the request with this file alone
    triple = None
    if own and not failed:
        triple = tuple(first(own[0], "00081190").split("/studies/")[1].split("/")[0::2])
    return Outcome(f"{status}" + (" " + failed[0] if failed else " warned" if warned else ""),
                   triple, wrong)


def by_p_data(server, sample):
    before, after = Good(), Good()
    good, odd = (SECONDARY_CAPTURE, EXPLICIT), (sample.sop_class, sample.syntax)
    wrong, status = [], None
    try:
        with dimse.Association(server.dicom_port, [good, odd]) as association:
            for thing, context in ((before, good), (sample, odd), (after, good)):
                code, _ = association.store(*context, thing.announced, thing.dataset)
                if thing is sample:
                    status = code
                elif code != 0:
                    wrong.append(f"a neighbour is answered {code:04X}")
    except (dimse.Refused, OSError) as error:
        return Outcome(str(error), None, [f"the association broke: {error}"])
    wrong += _sibling_wrong(server, before, False) + _sibling_wrong(server, after, False)
    return Outcome(f"{status:04X}", None, wrong)
