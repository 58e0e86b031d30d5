// Secrets that Medarc shows to others (passcodes, tokens): in files of their own, never in the
// configuration.
#pragma once

#include <string>

#include "base/result.h"

namespace medarc::security {

inline constexpr size_t kSecretFileBytesMax = 64u << 10;

// The file's text without the line end behind it. Read each time it is needed, so that a renewed
// secret needs no restart. invalid_argument, with the file's name and never its text: it cannot be
// read, is empty or over kSecretFileBytesMax.
Result<std::string> read_secret(const std::string& file);

}  // namespace medarc::security
