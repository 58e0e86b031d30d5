// A QIDO-RS query string, at the level the first octet chooses. What is accepted must be a query
// the index can run: bounded, without empty alternatives, its warnings fit for a header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/dictionary.h"
#include "web/dicomweb/search.h"
#include "web/url.h"

using namespace medarc;
using namespace medarc::web;

namespace {

int deepest(const std::vector<dicom::Condition>& conditions) {
  int out = 0;
  for (const dicom::Condition& c : conditions) out = std::max(out, 1 + deepest(c.items));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = dicom::load_dictionary().has_value();
  if (!loaded || size == 0) return 0;
  const std::string query(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto target = parse_target("/?" + query);
  if (target.has_error()) return 0;
  const auto kind = static_cast<index::Kind>(static_cast<int>(index::Kind::study) + data[0] % 3);
  const auto search = parse_search(kind, target->query, {(data[0] & 8) != 0, 1000});
  if (search.has_error()) {
    if (search.error().code != Code::invalid_argument) std::abort();
    return 0;
  }
  if (search->query.limit == 0 || search->query.limit > 1000) std::abort();
  for (const auto& group : search->query.all_of_any) {
    if (group.empty()) std::abort();
    for (const index::Term& term : group) {
      if (term.op == index::TermOp::range && term.values.size() != 2) std::abort();
      if (term.op == index::TermOp::wildcard && term.values.size() != 1) std::abort();
    }
  }
  if (deepest(search->compared) > 16) std::abort();
  for (const std::string& text : search->warnings) {
    for (const char c : text) {
      if (c < 0x20 || c >= 0x7F) std::abort();
    }
  }
  return 0;
}
