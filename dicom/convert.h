// A stored Implicit VR or big-endian dataset as Explicit VR Little Endian (PS3.18 8.7.3: those two
// never leave over the web), planned as pieces: only headers are held, values stream from the blob.
#pragma once

#include "dicom/pieces.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

// Scans a stored dataset again, passing over what need not be read. Places are those in the plain
// dataset when it is deflated.
Result<std::unique_ptr<Scanner>> scan_stored(archive::BlobReader& blob,
                                             const TransferSyntax& syntax, const Limits& limits);

// The same up to the pixel data, which is all that telling what an image is takes; what follows is
// neither read nor checked.
Result<std::unique_ptr<Scanner>> scan_stored_header(archive::BlobReader& blob,
                                                    const TransferSyntax& syntax,
                                                    const Limits& limits);

// The pieces of the whole dataset, explicit little endian. Sequences and items get undefined
// length; values over 65,534 bytes of VRs with a 16-bit length become UN (PS3.5 6.2.2 note, N11).
std::vector<Piece> explicit_little_pieces(const Scanner& scanner);
// The same in Implicit VR Little Endian, for peers over DIMSE that take nothing else (N6).
std::vector<Piece> implicit_little_pieces(const Scanner& scanner);
// The same in Explicit VR Big Endian, for what is stored so and served corrected.
std::vector<Piece> explicit_big_pieces(const Scanner& scanner);

// The pieces around the pixel data, whose element is the caller's to write, with some top-level
// elements changed.
struct Around {
  std::vector<Piece> before, after;
};
struct Changes {
  struct Element {
    Tag tag;
    Vr vr{};
    Bytes value;  // of even length, little endian
  };
  bool implicit = false;     // Implicit VR, else Explicit
  std::vector<Element> set;  // rising tags, all before the pixel data; added where absent
  std::vector<Tag> left_out;
};
Around pieces_around_pixels(const Scanner& scanner, const Changes& changes);

}  // namespace medarc::dicom
