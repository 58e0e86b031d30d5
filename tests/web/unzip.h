// ZIP archives read back.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/bytes.h"

namespace medarc::test {

// The files of an archive by their paths, from its directory; reading checks their CRCs.
inline std::map<std::string, Bytes> unzip(const Bytes& bytes) {
  std::map<std::string, Bytes> out;
  ::archive* in = archive_read_new();
  archive_read_support_format_zip_seekable(in);
  EXPECT_EQ(archive_read_open_memory(in, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in, &entry) == ARCHIVE_OK) {
    Bytes& content = out[archive_entry_pathname(entry)];
    char buffer[10'000];
    la_ssize_t n = 0;
    while ((n = archive_read_data(in, buffer, sizeof buffer)) > 0) {
      content.append(buffer, static_cast<size_t>(n));
    }
    EXPECT_EQ(n, 0) << archive_error_string(in);
  }
  archive_read_free(in);
  return out;
}

}  // namespace medarc::test
