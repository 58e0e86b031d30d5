#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace medarc::tidy {
namespace {

constexpr size_t kLinesMax = 500;

// docs/architecture.md, "Layers": each folder with what it may include beside itself.
const std::map<std::string, std::set<std::string>, std::less<>> kMayInclude = {
    {"base", {}},
    {"sandbox", {"base"}},
    {"archive", {"base"}},
    {"index", {"base", "archive"}},
    {"security", {"base", "archive", "index"}},
    {"records", {"base", "archive", "index", "security"}},
    {"dicom", {"base", "sandbox", "archive", "index", "security", "records"}},
    {"genomics", {"base", "sandbox", "archive", "index", "security", "records"}},
    {"web", {"base", "archive", "index", "security", "records", "dicom", "genomics"}},
    {"tools", {"base", "archive", "index", "security", "records", "dicom", "genomics", "web"}},
};

// Third-party headers by prefix, and the folders they are confined to. A library that is not listed
// may not be used anywhere: add it here and to docs/dependencies.md together.
struct Library {
  std::string_view prefix;
  std::set<std::string, std::less<>> folders;
};
const std::vector<Library> kLibraries = {
    {"boost/system/", {"base"}},
    {"boost/asio", {"web"}},
    {"boost/beast", {"web"}},
    {"boost/json", {"security", "records", "dicom", "genomics", "web", "tools"}},
    {"boost/url", {"web"}},
    {"toml++/", {"base"}},
    {"fmt/",
     {"base", "sandbox", "archive", "index", "security", "records", "dicom", "genomics", "web",
      "tools"}},
    {"openssl/", {"archive", "security", "web"}},
    {"argon2", {"security"}},
    {"zstd", {"archive", "index", "dicom", "genomics"}},
    {"rocksdb/", {"index"}},
    {"simdjson", {"records"}},
    {"unicode/", {"index", "records", "dicom"}},
    {"expat.h", {"dicom"}},
    {"dcmtk/", {"dicom"}},
    {"charls/", {"dicom"}},
    {"openjpeg-2.5/", {"dicom"}},
    {"openjph/", {"dicom"}},
    {"seccomp.h", {"sandbox"}},
    {"jpeglib.h", {"dicom"}},
    {"png.h", {"dicom"}},
    {"gif_lib.h", {"dicom"}},
    {"ft2build.h", {"dicom"}},
    {"htslib/", {"genomics"}},
    {"libdeflate", {"genomics", "tools"}},
    {"xxhash.h", {"genomics"}},
    {"zlib.h", {"dicom", "genomics", "web"}},
    {"archive.h", {"web"}},
    {"archive_entry.h", {"web"}},
    {"CLI/", {"tools"}},
};

// Headers of the system and of the C++ library.
bool is_system(std::string_view header) {
  if (header.find('/') == std::string_view::npos) {
    if (header.find('.') == std::string_view::npos) return true;  // <vector>
    static const std::set<std::string_view> posix = {
        "assert.h", "dirent.h",    "errno.h",     "fcntl.h",   "immintrin.h", "limits.h",
        "math.h",   "netdb.h",     "poll.h",      "pthread.h", "pwd.h",       "sched.h",
        "signal.h", "stdio.h",     "stdlib.h",    "string.h",  "termios.h",   "time.h",
        "unistd.h", "nmmintrin.h", "x86intrin.h", "cpuid.h",   "link.h",      "spawn.h",
        "malloc.h", "dlfcn.h",     "arm_acle.h",  "ftw.h"};
    return posix.contains(header);
  }
  for (std::string_view prefix : {"sys/", "netinet/", "arpa/", "linux/", "net/"}) {
    if (header.starts_with(prefix)) return true;
  }
  return false;
}

std::string folder_of(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

bool has_suffix(std::string_view path, std::initializer_list<std::string_view> suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view s) { return path.ends_with(s); });
}

template <class F>
void for_each_line(std::string_view text, F visit) {
  size_t number = 1;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(number++, text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

// The header named by an #include line between `open` and `close`, or "".
std::string_view included(std::string_view line, char open, char close) {
  if (!line.starts_with("#include")) return {};
  const size_t begin = line.find(open);
  if (begin == std::string_view::npos) return {};
  const size_t end = line.find(close, begin + 1);
  if (end == std::string_view::npos) return {};
  return line.substr(begin + 1, end - begin - 1);
}

}  // namespace

void check_include_direction(const std::string& path, std::string_view text,
                             std::vector<Finding>& out) {
  const std::string folder = folder_of(path);
  const auto allowed = kMayInclude.find(folder);
  for_each_line(text, [&](size_t number, std::string_view line) {
    const std::string_view header = included(line, '"', '"');
    if (header.empty()) return;
    const std::string target = folder_of(header);
    if (allowed == kMayInclude.end() && folder == "tests") {
      if (target != "tests" && !kMayInclude.contains(target)) {
        out.push_back(
            {path, number, "include-path", "start the path at the top: " + std::string(header)});
      }
      return;
    }
    if (target == folder) return;
    if (allowed == kMayInclude.end() || !allowed->second.contains(target)) {
      out.push_back(
          {path, number, "include-direction", folder + "/ may not include " + std::string(header)});
    }
  });
}

void check_third_party(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  const std::string folder = folder_of(path);
  if (!kMayInclude.contains(folder)) return;  // tests use what they like
  for_each_line(text, [&](size_t number, std::string_view line) {
    const std::string_view header = included(line, '<', '>');
    if (header.empty() || is_system(header)) return;
    const auto library = std::find_if(kLibraries.begin(), kLibraries.end(), [&](const Library& l) {
      return header.starts_with(l.prefix);
    });
    if (library == kLibraries.end()) {
      out.push_back({path, number, "third-party", "unknown library: " + std::string(header)});
    } else if (!library->folders.contains(folder)) {
      out.push_back({path, number, "third-party",
                     std::string(header) + " is confined to other folders than " + folder + "/"});
    }
  });
}

void check_length(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  size_t lines = 0;
  for_each_line(text, [&](size_t number, std::string_view) { lines = number; });
  if (lines > kLinesMax) {
    out.push_back({path, 0, "length", std::to_string(lines) + " lines; at most 500"});
  }
}

void check_await(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  for_each_line(text, [&](size_t number, std::string_view line) {
    const size_t at = line.find("co_await");
    if (at == std::string_view::npos) return;
    const size_t comment = line.find("//");
    if (comment < at) return;
    const size_t brace = line.find('{', at);
    // `if (co_await ready()) {` opens a block; anything after the brace is a braced argument.
    if (brace != std::string_view::npos && brace + 1 != line.size()) {
      out.push_back(
          {path, number, "await-brace",
           "name the argument first: g++ 12 destroys a braced argument of co_await twice"});
    }
  });
}

void check_machine_names(const std::string& path, std::string_view text,
                         std::vector<Finding>& out) {
  // Written in two parts so that this file keeps its own rule.
  static const std::array<std::string, 8> names = {
      std::string("/wo") + "rk/",         std::string("/ho") + "me/",
      std::string("/ro") + "ot/",         std::string("/tm") + "p/",
      std::string("registry.") + "npmjs", std::string("deb.deb") + "ian",
      std::string("pypi.") + "org",       std::string("proxy.gol") + "ang"};
  for_each_line(text, [&](size_t number, std::string_view line) {
    for (const std::string& name : names) {
      const size_t at = line.find(name);
      if (at == std::string_view::npos) continue;
      // Inside a longer path ("web/work/...") or a URL's path it names no machine.
      if (name[0] == '/' && at > 0 &&
          (isalnum(static_cast<unsigned char>(line[at - 1])) || line[at - 1] == '.' ||
           line[at - 1] == '}')) {
        continue;
      }
      out.push_back({path, number, "machine-name", "names a machine's path or host: " + name});
    }
  });
}

void check_pragma_once(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  bool found = false;
  for_each_line(text, [&](size_t, std::string_view line) { found |= line == "#pragma once"; });
  if (!found) out.push_back({path, 0, "pragma-once", "a header without #pragma once"});
}

void check_blanks(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  for_each_line(text, [&](size_t number, std::string_view line) {
    if (line.find('\t') != std::string_view::npos) {
      out.push_back({path, number, "tab", "a tab; indent with blanks"});
    }
    if (line.ends_with('\r')) out.push_back({path, number, "line-end", "CR LF"});
  });
  if (!text.empty() && text.back() != '\n') {
    out.push_back({path, 0, "line-end", "no newline at the end of the file"});
  }
}

void check_unfinished(const std::string& path, std::string_view text, std::vector<Finding>& out) {
  static const std::array<std::string, 3> words = {
      std::string("TO") + "DO", std::string("FIX") + "ME", std::string("XX") + "X:"};
  for_each_line(text, [&](size_t number, std::string_view line) {
    for (const std::string& word : words) {
      if (line.find(word) != std::string_view::npos) {
        out.push_back({path, number, "unfinished", "finish it or leave it out: " + word});
      }
    }
  });
}

std::vector<Finding> check_file(const std::string& path, std::string_view text) {
  std::vector<Finding> out;
  const bool cpp = has_suffix(path, {".h", ".cc"});
  const bool script =
      has_suffix(path, {".cmake", ".py", ".ts", ".js", "CMakeLists.txt"}) || text.starts_with("#!");
  if (cpp) {
    check_include_direction(path, text, out);
    check_third_party(path, text, out);
    check_await(path, text, out);
    check_unfinished(path, text, out);
  }
  if (path.ends_with(".h")) check_pragma_once(path, text, out);
  if (cpp || script) {
    check_length(path, text, out);
    check_blanks(path, text, out);
  }
  if (cpp || script || has_suffix(path, {".md", ".txt", ".json", ".toml"})) {
    check_machine_names(path, text, out);
  }
  return out;
}

std::vector<Finding> check_readmes(const std::vector<std::string>& files) {
  std::set<std::string> folders, with;
  for (const std::string& path : files) {
    const std::string folder = folder_of(path);
    if (!kMayInclude.contains(folder) && folder != "tests") continue;
    if (has_suffix(path, {".h", ".cc"})) folders.insert(folder);
    if (path == folder + "/README.md") with.insert(folder);
  }
  std::vector<Finding> out;
  for (const std::string& folder : folders) {
    if (!with.contains(folder)) out.push_back({folder, 0, "readme", "a folder without README.md"});
  }
  return out;
}

}  // namespace medarc::tidy
