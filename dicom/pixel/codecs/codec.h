// Codecs by transfer syntax, as the worker process runs them. Nothing here is linked into the
// server: these libraries read what strangers wrote (docs/decisions/0023-codecs-in-workers.md).
//
// Kept by every decoder: sizes in a codestream are compared with the declared shape before memory
// is taken for them; exactly `out` is written; samples come out as bits_allocated wide
// little-endian numbers, sign-extended when the shape is signed.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "dicom/pixel/frame.h"

namespace medarc::dicom::codec {

struct Encoded {
  Bytes codestream;
  std::string photometric;
};

// `out` has declared.frame_bytes() bytes. Answers the shape of what was written there.
using Decode = Result<FrameShape> (*)(const FrameShape& declared, ByteView codestream,
                                      std::span<char> out);
using Encode = Result<Encoded> (*)(const FrameShape& shape, ByteView pixels);

// `quality`: LossyQuality::of() the transfer syntax (dicom/pixel/codec_pool.h).
using EncodeLossy = Result<Encoded> (*)(const FrameShape& shape, ByteView pixels, uint32_t quality);

struct Codec {
  std::string_view transfer_syntax;
  Decode decode = nullptr;
  Encode encode = nullptr;             // nullptr: not losslessly
  EncodeLossy encode_lossy = nullptr;  // nullptr: not lossily
};

std::span<const Codec> codecs();
const Codec* find(std::string_view transfer_syntax);  // nullptr when there is none

// unsupported (no codec, or a shape no codec has), corrupt (damaged, or not what was declared),
// too_large (no memory). Exceptions of the libraries end here.
Result<FrameShape> decode(std::string_view transfer_syntax, const FrameShape& declared,
                          ByteView codestream, std::span<char> out);
Result<Encoded> encode(std::string_view transfer_syntax, const FrameShape& shape, ByteView pixels,
                       uint32_t quality = 0);

}  // namespace medarc::dicom::codec
