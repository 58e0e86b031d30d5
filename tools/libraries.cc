#include "tools/libraries.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace medarc::tools {
namespace {

int collect(dl_phdr_info* info, size_t, void* out) {
  const std::string path = info->dlpi_name;
  if (path.empty()) return 0;
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);  // the link leads to the full version
  const std::string file = (error ? std::filesystem::path(path) : real).filename().string();
  const size_t so = file.find(".so");
  if (so == std::string::npos) return 0;
  static const std::set<std::string> kRunTime = {"libc", "libm", "libstdc++", "libgcc_s", "libdl",
                                                 "librt", "libpthread", "ld-linux-x86-64"};
  const std::string name = file.substr(0, so);
  if (kRunTime.contains(name)) return 0;
  std::string version = file.size() > so + 4 ? file.substr(so + 4) : "";
  static_cast<std::vector<Library>*>(out)->push_back({name, std::move(version)});
  return 0;
}

}  // namespace

std::vector<Library> linked_libraries() {
  std::vector<Library> out;
  dl_iterate_phdr(collect, &out);
  using VersionText = const char* (*)(int);
  if (void* symbol = dlsym(RTLD_DEFAULT, "OpenSSL_version")) {
    const std::string text = reinterpret_cast<VersionText>(symbol)(0);  // "OpenSSL 3.0.22 1 Jan …"
    const size_t begin = text.find(' ');
    const std::string version = text.substr(begin + 1, text.find(' ', begin + 1) - begin - 1);
    for (Library& library : out) {
      if (library.name == "libssl" || library.name == "libcrypto") library.version = version;
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Library& a, const Library& b) { return a.name < b.name; });
  return out;
}

}  // namespace medarc::tools
