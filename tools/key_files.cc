#include "tools/key_files.h"

#include "base/fs.h"
#include "genomics/crypt4gh_keys.h"
#include "security/secret_file.h"

namespace medarc::tools {

Result<std::string> read_passphrase(const std::string& file) {
  if (file.empty()) return std::string();
  return security::read_secret(file);
}

Result<genomics::crypt4gh::Secret> read_secret_key_file(const std::string& file,
                                                        const std::string& passphrase_file) {
  MEDARC_ASSIGN(const std::string passphrase, read_passphrase(passphrase_file));
  MEDARC_ASSIGN(const std::string text, security::read_secret(file));
  return genomics::crypt4gh::read_secret_key(text, passphrase);
}

Status write_new_file(const std::string& file, ByteView bytes) {
  MEDARC_ASSIGN(const bool there, posix_fs().exists(file));
  if (there) return make_error(Code::conflict, file + ": there is such a file, which is kept");
  MEDARC_ASSIGN(const auto out, posix_fs().open(file, OpenMode::create_new));
  MEDARC_TRY(out->write_at(0, {bytes}));
  return out->sync();
}

}  // namespace medarc::tools
