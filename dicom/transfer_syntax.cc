#include "dicom/transfer_syntax.h"

#include <algorithm>
#include <iterator>

namespace medarc::dicom {
namespace {

// Sorted by UID. Columns: deflated, encapsulated, lossy.
constexpr TransferSyntax kTable[] = {
    {"1.2.840.10008.1.2", 
    "Implicit VR Little Endian", Encoding::implicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.1", 
    "Explicit VR Little Endian", Encoding::explicit_little, false, false, false, "application/octet-stream"},
    {"1.2.840.10008.1.2.1.98", 
    "Encapsulated Uncompressed Explicit VR Little Endian", Encoding::explicit_little, false, true, false, "application/octet-stream"},
    {"1.2.840.10008.1.2.1.99", 
    "Deflated Explicit VR Little Endian", Encoding::explicit_little, true, false, false, "application/octet-stream"},
    {"1.2.840.10008.1.2.2", 
    "Explicit VR Big Endian", Encoding::explicit_big, false, false, false, ""},
    {"1.2.840.10008.1.2.4.100", 
    "MPEG2 Main Profile / Main Level", Encoding::explicit_little, false, true, true, "video/mpeg2"},
    {"1.2.840.10008.1.2.4.100.1", 
    "Fragmentable MPEG2 Main Profile / Main Level", Encoding::explicit_little, false, true, true, "video/mpeg2"},
    {"1.2.840.10008.1.2.4.101", 
    "MPEG2 Main Profile / High Level", Encoding::explicit_little, false, true, true, "video/mpeg2"},
    {"1.2.840.10008.1.2.4.101.1", 
    "Fragmentable MPEG2 Main Profile / High Level", Encoding::explicit_little, false, true, true, "video/mpeg2"},
    {"1.2.840.10008.1.2.4.102", 
    "MPEG-4 AVC/H.264 High Profile / Level 4.1", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.102.1", 
    "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.103", 
    "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.103.1", 
    "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.104", 
    "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.104.1", 
    "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.105", 
    "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.105.1", 
    "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.106", 
    "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.106.1", 
    "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", Encoding::explicit_little, false, true, true, "video/mp4"},
    {"1.2.840.10008.1.2.4.107", 
    "HEVC/H.265 Main Profile / Level 5.1", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.108", 
    "HEVC/H.265 Main 10 Profile / Level 5.1", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.110", 
    "JPEG XL Lossless", Encoding::explicit_little, false, true, false, "image/jxl"},
    {"1.2.840.10008.1.2.4.111", 
    "JPEG XL JPEG Recompression", Encoding::explicit_little, false, true, true, "image/jxl"},
    {"1.2.840.10008.1.2.4.112", 
    "JPEG XL", Encoding::explicit_little, false, true, true, "image/jxl"},
    {"1.2.840.10008.1.2.4.201", 
    "High-Throughput JPEG 2000 Lossless Only", Encoding::explicit_little, false, true, false, "image/jphc"},
    {"1.2.840.10008.1.2.4.202", 
    "High-Throughput JPEG 2000 with RPCL Options Lossless Only", Encoding::explicit_little, false, true, false, "image/jphc"},
    {"1.2.840.10008.1.2.4.203", 
    "High-Throughput JPEG 2000", Encoding::explicit_little, false, true, true, "image/jphc"},
    {"1.2.840.10008.1.2.4.204", 
    "JPIP HTJ2K Referenced", Encoding::explicit_little, false, false, true, ""},
    {"1.2.840.10008.1.2.4.205", 
    "JPIP HTJ2K Referenced Deflate", Encoding::explicit_little, true, false, true, ""},
    {"1.2.840.10008.1.2.4.50", 
    "JPEG Baseline (Process 1)", Encoding::explicit_little, false, true, true, "image/jpeg"},
    {"1.2.840.10008.1.2.4.51", 
    "JPEG Extended (Process 2 and 4)", Encoding::explicit_little, false, true, true, "image/jpeg"},
    {"1.2.840.10008.1.2.4.52", 
    "JPEG (Process 3 and 5, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.53", 
    "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.54", 
    "JPEG (Process 7 and 9, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.55", 
    "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.56", 
    "JPEG (Process 11 and 13, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.57", 
    "JPEG Lossless (Process 14)", Encoding::explicit_little, false, true, false, "image/jpeg"},
    {"1.2.840.10008.1.2.4.58", 
    "JPEG (Process 15, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.59", 
    "JPEG (Process 16 and 18, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.60", 
    "JPEG (Process 17 and 19, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.61", 
    "JPEG (Process 20 and 22, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.62", 
    "JPEG (Process 21 and 23, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.63", 
    "JPEG (Process 24 and 26, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.64", 
    "JPEG (Process 25 and 27, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.65", 
    "JPEG (Process 28, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.66", 
    "JPEG (Process 29, retired)", Encoding::explicit_little, false, true, true, ""},
    {"1.2.840.10008.1.2.4.70", 
    "JPEG Lossless SV1", Encoding::explicit_little, false, true, false, "image/jpeg"},
    {"1.2.840.10008.1.2.4.80", 
    "JPEG-LS Lossless", Encoding::explicit_little, false, true, false, "image/jls"},
    {"1.2.840.10008.1.2.4.81", 
    "JPEG-LS Near-Lossless", Encoding::explicit_little, false, true, true, "image/jls"},
    {"1.2.840.10008.1.2.4.90", 
    "JPEG 2000 Lossless Only", Encoding::explicit_little, false, true, false, "image/jp2"},
    {"1.2.840.10008.1.2.4.91", 
    "JPEG 2000", Encoding::explicit_little, false, true, true, "image/jp2"},
    {"1.2.840.10008.1.2.4.92", 
    "JPEG 2000 Part 2 Multi-component Lossless Only", Encoding::explicit_little, false, true, false, "image/jpx"},
    {"1.2.840.10008.1.2.4.93", 
    "JPEG 2000 Part 2 Multi-component", Encoding::explicit_little, false, true, true, "image/jpx"},
    {"1.2.840.10008.1.2.4.94", 
    "JPIP Referenced", Encoding::explicit_little, false, false, true, ""},
    {"1.2.840.10008.1.2.4.95", 
    "JPIP Referenced Deflate", Encoding::explicit_little, true, false, true, ""},
    {"1.2.840.10008.1.2.5", 
    "RLE Lossless", Encoding::explicit_little, false, true, false, "image/dicom-rle"},
    {"1.2.840.10008.1.2.6.1", 
    "RFC 2557 MIME Encapsulation", Encoding::explicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.6.2", "XML Encoding", Encoding::explicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.7.1", 
    "SMPTE ST 2110-20 Uncompressed Progressive Active Video", Encoding::explicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.7.2", 
    "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", Encoding::explicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.7.3", 
    "SMPTE ST 2110-30 PCM Digital Audio", Encoding::explicit_little, false, false, false, ""},
    {"1.2.840.10008.1.2.8.1", 
    "Deflated Image Frame Compression", Encoding::explicit_little, false, true, false, "application/x-deflate"},
};

}  // namespace

std::span<const TransferSyntax> transfer_syntaxes() { return kTable; }

const TransferSyntax* find_transfer_syntax(std::string_view uid) {
  const auto* it = std::lower_bound(
      std::begin(kTable), std::end(kTable), uid,
      [](const TransferSyntax& t, std::string_view wanted) { return t.uid < wanted; });
  return it != std::end(kTable) && it->uid == uid ? it : nullptr;
}

TransferSyntax transfer_syntax_or_default(std::string_view uid) {
  if (const TransferSyntax* known = find_transfer_syntax(uid)) return *known;
  TransferSyntax unknown;
  unknown.uid = uid;
  unknown.name = "unknown";
  unknown.encapsulated = true;
  unknown.lossy = true;
  return unknown;
}

}  // namespace medarc::dicom
