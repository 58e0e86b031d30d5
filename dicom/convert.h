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

}  // namespace medarc::dicom
