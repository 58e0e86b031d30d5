#include "index/batch.h"

#include <set>

namespace medarc::index {

Result<std::optional<Bytes>> Batch::get(Table table, ByteView key) {
  const Changes& own = changes(table);
  if (auto at = own.find(key); at != own.end()) return at->second;
  return below_.get(table, key);
}

Result<std::vector<Bytes>> Batch::keys(Table table, ByteView prefix, size_t limit) {
  std::set<Bytes> found;
  const Changes& own = changes(table);
  size_t removed = 0;
  for (auto at = own.lower_bound(prefix); at != own.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    if (at->second) {
      found.insert(at->first);
    } else {
      ++removed;
    }
  }
  const size_t wanted = limit > SIZE_MAX - removed ? SIZE_MAX : limit + removed;
  size_t seen = 0;
  MEDARC_TRY(below_.scan(table, prefix, [&](ByteView k, ByteView) {
    auto at = own.find(k);
    if (at == own.end()) found.emplace(k);
    return ++seen < wanted;
  }));
  std::vector<Bytes> out;
  for (const Bytes& k : found) {
    if (out.size() == limit) break;
    out.push_back(k);
  }
  return out;
}

}  // namespace medarc::index
