// Real objects and what is known of them: `dicom/facts.json` in the folder that MEDARC_SAMPLE_DATA
// names, and the files it lists.
#pragma once

#include <boost/json.hpp>

#include <fstream>
#include <sstream>
#include <string>

#include "base/bytes.h"

namespace medarc::test {

inline Bytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// "" when there is no text of that name.
inline std::string text_of(const boost::json::object& o, const char* key) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
}

}  // namespace medarc::test
