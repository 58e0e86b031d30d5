// Identifiers of queries, as any peer may send them: read, understood under a model, written again.
// The first octet chooses the transfer syntax, the second what was negotiated.
#include <array>
#include <cstdlib>

#include "dicom/dictionary.h"
#include "dicom/dimse/query.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

// As deep as read_identifier goes, and no deeper.
void check(const std::vector<dimse::Key>& keys, int depth) {
  if (depth > 16 && !keys.empty()) std::abort();
  for (const dimse::Key& key : keys) check(key.items, depth + 1);
}

void check(const std::vector<Condition>& conditions) {
  for (const Condition& c : conditions) {
    if (c.universal()) std::abort();
    for (const auto& group : c.all_of_any) {
      if (group.empty()) std::abort();
    }
    check(c.items);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded || size < 2) return 0;
  constexpr std::array<const char*, 3> kSyntaxes = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1",
                                                    "1.2.840.10008.1.2.2"};
  const char* syntax = kSyntaxes[data[0] % kSyntaxes.size()];
  const ByteView bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Limits limits;
  const auto identifier = dimse::read_identifier(bytes, syntax, limits);
  if (identifier.has_error()) return 0;
  check(identifier->keys, 0);
  Matching how;
  how.fuzzy_names = (data[1] & 1) != 0;
  how.empty_values = (data[1] & 2) != 0;
  how.all_values = (data[1] & 4) != 0;
  how.date_times = (data[1] & 8) != 0;
  how.zones = (data[1] & 64) != 0;
  const Root root = (data[1] & 16) != 0 ? Root::patient : Root::study;
  const auto find = dimse::read_find(*identifier, root, (data[1] & 32) != 0, how);
  if (find.has_error()) return 0;
  for (const auto& group : find->question.query.all_of_any) {
    if (group.empty()) std::abort();
  }
  check(find->question.compared);
  // What is compared must hold for no dataset and for any; here it must only end.
  for (const Condition& c : find->question.compared) {
    Comparer comparer(c);
    (void)comparer.meets("{}");
    (void)comparer.meets(std::string_view(bytes));
  }
  std::vector<index::Attribute> attributes;
  for (const dimse::Key& key : identifier->keys) {
    if (!key.sequence) attributes.push_back({key.tag, key.vr, {key.text}});
  }
  (void)dimse::write_identifier(std::move(attributes), identifier->charset, syntax);
  return 0;
}
