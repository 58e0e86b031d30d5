// Key files as the verbs read and write them.
#pragma once

#include <string>

#include "genomics/crypt4gh_header.h"

namespace medarc::tools {

// The text of a passphrase file; "" for "".
Result<std::string> read_passphrase(const std::string& file);
// A secret key of Crypt4GH; errors as read_secret_key(), and those of read_secret().
Result<genomics::crypt4gh::Secret> read_secret_key_file(const std::string& file,
                                                        const std::string& passphrase_file);
// Readable by its owner alone, and synced. conflict: there is a file of this name.
Status write_new_file(const std::string& file, ByteView bytes);

}  // namespace medarc::tools
