// Keeps the extra attributes of the archive findable: follows the change feed from where it was
// left, reads the metadata of each instance that changed, and puts its values into index/lookups.h.
// Runs beside everything else; a search is exact however far it is, only slower before it is
// through.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "dicom/extra_attributes.h"
#include "index/index.h"

namespace medarc::dicom {

struct IndexingProgress {
  size_t attributes = 0;      // that are kept
  uint64_t commits = 0;       // of the archive
  uint64_t commits_done = 0;  // through which every attribute is complete
};

class AttributeIndexer {
 public:
  // Both outlive it. Attributes that are no longer among the extras are forgotten here.
  static Result<std::unique_ptr<AttributeIndexer>> open(index::Index& index,
                                                        const ExtraAttributes& extras);
  ~AttributeIndexer();  // as stop()

  void start();  // a thread that follows the feed
  void stop();
  // One part of the feed; false: nothing is left to do. For one thread at a time, not beside
  // start().
  Result<bool> step();

 private:
  AttributeIndexer(index::Index& index, const ExtraAttributes& extras)
      : index_(index), extras_(extras) {}
  void run();

  index::Index& index_;
  const ExtraAttributes& extras_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

// How far the entries of this view are. corrupt.
Result<IndexingProgress> indexing_progress(index::View& view, const ExtraAttributes& extras);

}  // namespace medarc::dicom
