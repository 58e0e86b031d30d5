// The values of one header element as text: UTF-8, trimmed, numbers in decimal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dicom/charset.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

// nullopt: not a text or number VR, or the value is not held. Strings are split at the backslash
// except for LT, ST, UT and UR. Trailing blanks and NULs go (PS3.5 6.2), leading blanks too where
// the VR says they mean nothing. `clean`, when given, becomes false where bytes mean nothing in the
// character set; it never becomes true.
std::optional<std::vector<std::string>> values_of(Vr vr, ByteView bytes, bool big_endian,
                                                  const Charset& charset, bool* clean = nullptr);

// Values as one element holds them: with a backslash between.
std::string joined(const std::vector<std::string>& values);

// Bytes of the words a value of this VR consists of: what byte order applies to. 1: none.
uint8_t word_bytes(Vr vr);

// The charset that (0008,0005) of the dataset names.
Charset charset_of(const Scanner& scanner);

// First value of a top-level element, "" when absent. No charset: for UI, CS, IS, US and the like.
std::string plain_value(const Scanner& scanner, Tag tag);

// A DT value (PS3.5 6.2): microseconds, "+0000".
std::string utc_date_time(Timestamp t);

// Decimal or IS/US number at the top level.
std::optional<int64_t> number_value(const Scanner& scanner, Tag tag);

}  // namespace medarc::dicom
