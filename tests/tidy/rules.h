// The rules a source file has to keep, as functions of its path and text, so that each can be shown
// to catch a bad sample.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medarc::tidy {

struct Finding {
  std::string path;
  size_t line = 0;  // 1-based; 0: the whole file
  std::string rule;
  std::string text;
};

// `path` is relative to the top of the repository, with forward slashes.
void check_include_direction(const std::string& path, std::string_view text,
                             std::vector<Finding>& out);
void check_third_party(const std::string& path, std::string_view text, std::vector<Finding>& out);
void check_length(const std::string& path, std::string_view text, std::vector<Finding>& out);
void check_await(const std::string& path, std::string_view text, std::vector<Finding>& out);
void check_machine_names(const std::string& path, std::string_view text,
                         std::vector<Finding>& out);
void check_pragma_once(const std::string& path, std::string_view text, std::vector<Finding>& out);
void check_blanks(const std::string& path, std::string_view text, std::vector<Finding>& out);
void check_unfinished(const std::string& path, std::string_view text, std::vector<Finding>& out);

// All of the above that apply to a file of this name.
std::vector<Finding> check_file(const std::string& path, std::string_view text);

// Folders that hold sources but no README.md; `files` are all paths of the repository.
std::vector<Finding> check_readmes(const std::vector<std::string>& files);

}  // namespace medarc::tidy
