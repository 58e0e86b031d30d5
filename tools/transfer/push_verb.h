// The verb `push` (verbs/push.cc).
#pragma once

#include <CLI/CLI.hpp>

namespace medarc::tools {

void add_push(CLI::App& app, int& exit_code);

}  // namespace medarc::tools
