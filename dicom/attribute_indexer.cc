#include "dicom/attribute_indexer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/metadata_source.h"
#include "index/lookups.h"
#include "index/normalise.h"

namespace medarc::dicom {
namespace {

using archive::CommitNumber;
using index::LookupEntry;

constexpr uint32_t kEventsAtOnce = 500;
constexpr std::chrono::milliseconds kPause{300};  // between looks at a feed without news

// study NUL series NUL instance
Result<Bytes> metadata_of(index::View& view, ByteView id) {
  const size_t first = id.find('\0'), second = id.find('\0', first + 1);
  if (first == ByteView::npos || second == ByteView::npos) return Bytes();
  Bytes packed;
  MEDARC_TRY(view.metadata(index::StudyUid(std::string(id.substr(0, first))),
                           index::SeriesUid(std::string(id.substr(first + 1, second - first - 1))),
                           index::SopInstanceUid(std::string(id.substr(second + 1))),
                           [&](const index::SopInstanceUid&, ByteView zstd) {
                             packed = zstd;
                             return true;
                           }));
  if (packed.empty()) return Bytes();
  return unpack_metadata(packed);
}

std::vector<std::string> forms_of(const ExtraAttribute& attribute, std::string_view dataset) {
  std::set<std::string> out;
  for (const std::string& value : values_in(dataset, attribute)) {
    for (std::string& form : index::forms(attribute.vr, value)) {
      if (!form.empty()) out.insert(std::move(form));
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace

Result<std::unique_ptr<AttributeIndexer>> AttributeIndexer::open(index::Index& index,
                                                                 const ExtraAttributes& extras) {
  std::vector<std::string> names;
  for (const ExtraAttribute& a : extras.all()) names.push_back(a.name);
  MEDARC_TRY(index.lookups().keep(names));
  return std::unique_ptr<AttributeIndexer>(new AttributeIndexer(index, extras));
}

AttributeIndexer::~AttributeIndexer() { stop(); }

void AttributeIndexer::start() {
  if (!extras_.all().empty()) thread_ = std::thread([this] { run(); });
}

void AttributeIndexer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<bool> AttributeIndexer::step() {
  const std::unique_ptr<index::View> view = index_.view();
  std::map<std::string, CommitNumber> through;
  CommitNumber from{UINT64_MAX};
  for (const ExtraAttribute& a : extras_.all()) {
    MEDARC_ASSIGN(const auto number, view->lookup_through(a.name));
    if (!number) return make_error(Code::internal, "an indexed attribute was forgotten");
    through[a.name] = *number;
    from = std::min(from, *number);
  }
  MEDARC_ASSIGN(const CommitNumber last, view->last_commit());
  if (extras_.all().empty() || from >= last) return false;
  MEDARC_ASSIGN(const auto events, view->feed(from, kEventsAtOnce));
  std::map<Bytes, CommitNumber> changed;  // the last word on each instance
  for (const index::Event& event : events) {
    if (event.kind == index::Kind::instance) changed[event.id] = event.number;
  }
  std::vector<LookupEntry> entries;
  for (const auto& [id, number] : changed) {
    MEDARC_ASSIGN(const Bytes dataset, metadata_of(*view, id));
    for (const ExtraAttribute& a : extras_.all()) {
      if (number > through[a.name]) entries.push_back({a.name, id, forms_of(a, dataset)});
    }
  }
  // A feed without events has told everything up to the last commit of the view.
  const CommitNumber done = events.empty() ? last : events.back().number;
  for (auto& [name, number] : through) number = std::max(number, done);
  MEDARC_TRY(index_.lookups().put(entries, through));
  static Gauge& behind = gauge("medarc_index_attributes_behind_commits",
                               "Commits not yet read for the extra indexed attributes.");
  behind.set(static_cast<int64_t>(last.value - done.value));
  return true;
}

void AttributeIndexer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Result<bool> more = step();
    if (more.has_error()) {
      log(medarc::Level::error, "index.attributes", {{"error", more.error().text}});
    }
    lock.lock();
    if (more.has_value() && *more) continue;
    wake_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

Result<IndexingProgress> indexing_progress(index::View& view, const ExtraAttributes& extras) {
  IndexingProgress out;
  MEDARC_ASSIGN(const CommitNumber last, view.last_commit());
  out.attributes = extras.all().size();
  out.commits = out.commits_done = last.value;
  for (const ExtraAttribute& a : extras.all()) {
    MEDARC_ASSIGN(const auto number, view.lookup_through(a.name));
    out.commits_done = std::min(out.commits_done, number ? number->value : 0);
  }
  return out;
}

}  // namespace medarc::dicom
