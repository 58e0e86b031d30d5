#include "tools/transfer/local_file.h"

#include <algorithm>
#include <filesystem>

#include "archive/hash.h"

namespace medarc::tools {
namespace {

constexpr size_t kPieceBytes = 1u << 20;

}  // namespace

Result<std::unique_ptr<File>> open_local(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) {
    return make_error(Code::not_found, path + ": there is no such file");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return make_error(Code::invalid_argument, path + ": only regular files can be sent");
  }
  auto file = posix_fs().open(path, OpenMode::read);
  if (file.has_error()) return make_error(Code::io, path + ": it cannot be read");
  return file;
}

Result<Digest> sha256_of(File& file, ByteRange part, const std::function<void(uint64_t)>& told) {
  archive::Sha256 hash;
  Bytes piece(std::min<uint64_t>(kPieceBytes, part.length), '\0');
  for (uint64_t done = 0; done < part.length;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(piece.size(), part.length - done));
    MEDARC_ASSIGN(const size_t n, file.read_at(part.begin + done, piece.data(), wanted));
    if (n != wanted) return make_error(Code::io, "a file is shorter than it was");
    hash.update(ByteView(piece).substr(0, n));
    done += n;
    if (told) told(done);
  }
  return hash.finish();
}

}  // namespace medarc::tools
