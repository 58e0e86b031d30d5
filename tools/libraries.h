// Which third-party libraries this process really runs with, for the log: security fixes come with
// the system's packages, so the version at run time is the one that counts.
#pragma once

#include <string>
#include <vector>

namespace medarc::tools {

struct Library {
  std::string name, version;  // "librocksdb", "7.8.3"
};

// The shared objects loaded now (those of the C and C++ run time left out), sorted by name. Versions
// are those of the files; OpenSSL's own answer where it is loaded.
std::vector<Library> linked_libraries();

}  // namespace medarc::tools
