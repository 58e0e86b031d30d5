#include "tools/transfer/resume_file.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "archive/hash.h"
#include "base/fs.h"

namespace medarc::tools {
namespace {

constexpr std::string_view kFirstLine = "medarc push 1";
constexpr size_t kIdBytesMax = 128;

std::string state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string(state) + "/medarc/push";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state/medarc/push";
  return {};
}

}  // namespace

bool is_upload_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

ResumeFile ResumeFile::of(const std::string& what, const std::string& sent) {
  const std::string directory = state_directory();
  if (directory.empty() || posix_fs().make_dirs(directory).has_error()) {
    return ResumeFile(sent + ".medarc-push");
  }
  return ResumeFile(directory + "/" + archive::Sha256::of(what).hex());
}

std::optional<std::string> ResumeFile::upload() const {
  std::ifstream in(path_);
  std::string first, id;
  if (!std::getline(in, first) || first != kFirstLine || !std::getline(in, id)) return std::nullopt;
  return is_upload_id(id) ? std::optional(id) : std::nullopt;
}

Status ResumeFile::save(const std::string& upload) const {
  const std::string fresh = path_ + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << kFirstLine << "\n" << upload << "\n";
    out.flush();
    if (!out) return make_error(Code::io, "cannot write " + fresh);
  }
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) {
    return make_error(Code::io, "cannot write " + path_);
  }
  return {};
}

void ResumeFile::remove() const { ::unlink(path_.c_str()); }

}  // namespace medarc::tools
