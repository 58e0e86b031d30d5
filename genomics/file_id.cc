#include "genomics/file_id.h"

#include <algorithm>
#include <random>

#include "archive/hash.h"
#include "base/bytes.h"
#include "records/identity.h"

namespace medarc::genomics {

Status check_file_id(std::string_view id) {
  const auto bad = [](const char* what) {
    return make_error(Code::invalid_argument, std::string("id: ") + what);
  };
  if (id.empty() || id.size() > kFileIdBytesMax) return bad("1 to 64 characters");
  const bool letters = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '/';
  });
  if (!letters) return bad("letters, digits, '.', '-', '_' and '/' only");
  std::string_view last;
  for (std::string_view rest = id;;) {
    const size_t slash = rest.find('/');
    last = rest.substr(0, slash);
    if (last.empty() || last == "." || last == "..")
      return bad("a part between slashes is not a name");
    if (last == "attachments") return bad("a part between slashes is reserved");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  const std::string_view reserved[] = {"content", "index",    "slice",  "plan",
                                       "depth",   "variants", "pileup", "quality"};
  if (id == "service-info" ||
      std::find(std::begin(reserved), std::end(reserved), last) != std::end(reserved)) {
    return bad("this name is reserved");
  }
  if (records::resource_id_of(index::FileId(std::string(id))).size() > kFileIdBytesMax) {
    return bad("at most 64 characters, where '_' and '/' count three");
  }
  return {};
}

std::string new_file_id() {
  std::random_device random;
  Bytes bytes;
  for (int i = 0; i < 3; ++i) {
    const uint32_t v = random();
    bytes.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  return "g" + to_hex(bytes);
}

std::string file_id_of(const Digest& content, std::string_view name) {
  archive::Sha256 hash;
  hash.update(content.hex());
  hash.update(name);
  return "g" + hash.finish().hex().substr(0, 24);
}

}  // namespace medarc::genomics
