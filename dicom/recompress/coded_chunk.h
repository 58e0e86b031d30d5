// A chunk of native pixel data as lossless HTJ2K (PS3.5 A.4.10), and back: what archive/recoding.h
// calls its coded form. A chunk is whatever the archive cut: a frame, several, a part of a large
// one, or a small object with its header. The whole rows in it become one image; the bytes before
// and behind them stay as they are.
//
// The coded form, in the encoding of base/codec.h: varints kCodedFirstByte, rows, columns,
// samples per pixel, bits allocated, bits stored, high bit, 1 if signed else 0; then as `bytes`
// what comes before the rows, what comes behind them, and the codestream. Kept for good.
#pragma once

#include <optional>

#include "archive/recoding.h"
#include "dicom/pixel/codec_pool.h"

namespace medarc::dicom {

// Names this coder (archive/FORMAT.md); another form of it would take another one.
inline constexpr uint8_t kCodedFirstByte = 1;
inline constexpr uint32_t kCodedRowsMax = 65'535;  // of one chunk; what is more stays as it is
inline constexpr uint64_t kCodedBytesMin = 4096;   // pixels in a chunk that are worth it

// Where native pixel data lies in a dataset. A wrong shape costs room, never bytes: what does not
// come back exactly is not kept.
struct PixelPlace {
  ByteRange range;
  FrameShape shape;  // as the dataset declares it
};

// The rows in a chunk. Planes (Planar Configuration 1) are rows of one sample each.
struct ChunkRows {
  ByteRange pixels;  // in the chunk
  FrameShape shape;  // of these, never planar
};
// nullopt: no codec for such pixels, or too few of them.
std::optional<ChunkRows> rows_in_chunk(const PixelPlace& place, ByteRange chunk);

struct CodedParts {
  FrameShape shape;
  ByteView before, behind, codestream;
};
Bytes encode(const CodedParts& parts);
Result<CodedParts> decode_coded(ByteView bytes);  // corrupt; views `bytes`

// What CodecPool::encode says.
Result<Bytes> encode_chunk(CodecPool& codecs, const ChunkRows& rows, ByteView chunk);

class ChunkDecoder final : public archive::ChunkCoder {
 public:
  explicit ChunkDecoder(CodecPool& codecs) : codecs_(codecs) {}  // which outlives it
  // A worker that was lost costs a second try: the bytes were proved when they were stored.
  Result<Bytes> decode(ByteView coded, uint32_t plain_length) override;

 private:
  CodecPool& codecs_;
};

}  // namespace medarc::dicom
