#include "security/secret_file.h"

#include <fstream>

namespace medarc::security {

Result<std::string> read_secret(const std::string& file) {
  const auto wrong = [&](const char* what) {
    return make_error(Code::invalid_argument, file + ": " + what);
  };
  std::ifstream in(file, std::ios::binary);
  if (!in) return wrong("this file cannot be read");
  std::string text(kSecretFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return wrong("this file cannot be read");
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kSecretFileBytesMax) return wrong("too long for a secret");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return wrong("no secret in this file");
  return text;
}

}  // namespace medarc::security
