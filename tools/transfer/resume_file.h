// What a `medarc push` leaves on disk while it runs, so that the next one goes on with the same
// upload: a small file named after the server and what is sent. The server's own offset is the
// truth; this only says which upload to ask for.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace medarc::tools {

class ResumeFile {
 public:
  // Of one upload; `what` tells it from every other. Below $XDG_STATE_HOME/medarc/push, or
  // ~/.local/state/medarc/push; without either beside `sent`, the file that is sent.
  static ResumeFile of(const std::string& what, const std::string& sent);
  explicit ResumeFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::optional<std::string> upload() const;  // nullopt: no file, or none of ours
  // In place of what was there. Errors: io.
  Status save(const std::string& upload) const;
  void remove() const;

 private:
  const std::string path_;
};

// Ids that servers give to uploads: 1 to 128 letters, digits, "-", "_" and ".".
bool is_upload_id(std::string_view text);

}  // namespace medarc::tools
