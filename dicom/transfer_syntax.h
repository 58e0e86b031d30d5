// Transfer syntaxes (PS3.5 section 10 and annex A; media types PS3.18 table 8.7.3-5): our own table,
// newer than the DICOM toolkit's.
#pragma once

#include <span>
#include <string_view>

namespace medarc::dicom {

enum class Encoding { implicit_little, explicit_little, explicit_big };

struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
  Encoding encoding = Encoding::explicit_little;
  bool deflated = false;      // the whole dataset (PS3.5 A.5)
  bool encapsulated = false;  // pixel data in fragments
  bool lossy = false;         // may be lossy
  std::string_view media_type;  // of one frame as bulk data; "" = none by the standard
};

inline constexpr std::string_view kImplicitLittle = "1.2.840.10008.1.2";
inline constexpr std::string_view kExplicitLittle = "1.2.840.10008.1.2.1";
inline constexpr std::string_view kDeflatedLittle = "1.2.840.10008.1.2.1.99";
inline constexpr std::string_view kExplicitBig = "1.2.840.10008.1.2.2";

// All that are known, sorted by UID.
std::span<const TransferSyntax> transfer_syntaxes();

// nullptr when unknown.
const TransferSyntax* find_transfer_syntax(std::string_view uid);

// How a dataset of this syntax is read; unknown ones are explicit little endian (PS3.5 10.1: every
// standard syntax since the first is) and may be encapsulated.
TransferSyntax transfer_syntax_or_default(std::string_view uid);

}  // namespace medarc::dicom
