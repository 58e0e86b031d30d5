// A real archive in a directory of its own, with the genomics use cases over it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "genomics/genome_store.h"
#include "tests/support/genome_maker.h"
#include "tests/support/temp_dir.h"

namespace medarc::genomics {

template <class T>
T must(Result<T> result) {
  if (result.has_error()) throw std::runtime_error(result.error().text);
  return std::move(*result);
}
inline void must(const Status& status) {
  if (status.has_error()) throw std::runtime_error(status.error().text);
}

inline Bytes drain(ByteSource& source, size_t step = 100'000) {
  Bytes out, piece(step, '\0');
  while (const size_t n = must(source.read(piece.data(), piece.size()))) out.append(piece, 0, n);
  return out;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() { open(); }
  void open(Limits limits = {}) {
    store_.reset();
    guard_.reset();
    index_.reset();
    index_ = must(index::open_index(posix_fs(), dir_ / "data", options()));
    guard_ = security::Guard::create(*index_, {});
    store_ = GenomeStore::create(*index_, *guard_, limits);
  }
  static index::IndexOptions options() {
    index::IndexOptions o;
    o.archive.sync = false;  // crashes are other tests' business
    o.cache_bytes = 8 << 20;
    return o;
  }
  static security::Principal someone() {
    return {"local", {security::Role::administrator}, "genomics", "127.0.0.1"};
  }

  // In pieces of `step` bytes.
  Result<UploadResult> upload(const std::string& bytes, UploadStart start = {},
                              size_t step = 65'536) {
    MEDARC_ASSIGN(auto sink, store_->begin(someone(), std::move(start)));
    for (size_t at = 0; at < bytes.size(); at += step) {
      MEDARC_TRY(sink->write(ByteView(bytes).substr(at, step)));
    }
    return sink->finish();
  }
  Bytes content(const FileRow& row) {
    auto reader = must(store_->content(someone(), row));
    Bytes out(reader->size(), '\0');
    must(reader->read({0, out.size()}, out.data()));
    return out;
  }
  Bytes index_of(const FileRow& row) {
    auto reader = must(store_->index_file(someone(), row));
    Bytes out(reader->size(), '\0');
    must(reader->read({0, out.size()}, out.data()));
    return out;
  }
  // The slice of samtools-form regions; none: the whole file.
  Bytes slice(const FileRow& row, const std::vector<std::string>& regions, RecordMask mask = {}) {
    auto set = must(store_->read_set(someone(), row));
    Selection selection;
    selection.mask = std::move(mask);
    if (!regions.empty()) selection.regions.emplace();
    for (const std::string& r : regions) {
      selection.regions->push_back(must(parse_samtools_region(r, set->header)));
    }
    auto made = must(make_slice(set, selection, store_->limits()));
    last_plan_ = made.plan;
    auto opened =
        must(open_slice(std::move(made), must(store_->open_admitted(row.blob)), store_->limits()));
    const Bytes out = drain(*opened.source);
    if (opened.bytes) {
      EXPECT_EQ(*opened.bytes, out.size());
    }
    return out;
  }

  test::TempDir dir_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<security::Guard> guard_;
  std::unique_ptr<GenomeStore> store_;
  SlicePlan last_plan_;
};

}  // namespace medarc::genomics
