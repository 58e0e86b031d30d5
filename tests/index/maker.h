// Makes indexes in temporary directories and the facts to put into them. Invented patients only.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "base/fs.h"
#include "index/index.h"
#include "tests/support/temp_dir.h"

namespace medarc::index::test {

using medarc::test::TempDir;

// Small buffers, small segments, no syncs: quick.
IndexOptions quick_options();

archive::StagedBlob stage(Index& index, ByteView bytes);

struct InstanceSpec {
  std::string study = "1.2.3", series = "1.2.3.1", instance = "1.2.3.1.1";
  std::string patient_id = "P1", issuer = "HOSP", name = "Doe^Jane";
  std::string modality = "CT", date = "20250102", accession = "A1",
              sop_class = "1.2.840.10008.5.1.4.1.1.2";
  std::string content = "pixels";
  std::string metadata = R"({"00080018":{"vr":"UI"}})";
  Bytes envelope;  // empty: made by us
  int number = 1;
};
StoreInstance make_store(const InstanceSpec& spec, const archive::StagedBlob& blob);
Bytes zstd(ByteView plain);
Bytes unzstd(ByteView frame);

// Stages and commits; answers the outcome of the one op.
OpOutcome store(Index& index, const InstanceSpec& spec, Timestamp time = {1'000'000});
OpOutcome run(Index& index, Op op, Timestamp time = {1'000'000},
              std::vector<archive::StagedBlob> blobs = {});

Term equal(Tag tag, std::vector<std::string> values);
Query where(Kind kind, std::vector<Term> all_of);
std::vector<Bytes> ids(const Page& page);
// Every page of the query, `limit` rows at a time.
std::vector<Bytes> all_ids(View& view, Query query, uint32_t limit);

// All rows as one text, for comparing indexes.
std::vector<std::pair<Bytes, Bytes>> dump(Index& index);

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << (result.has_error() ? result.error().text : "");
  if (result.has_error()) throw std::runtime_error(result.error().text);
  return std::move(*result);
}
inline void must(Status status) {
  EXPECT_TRUE(status.has_value()) << (status.has_error() ? status.error().text : "");
}

}  // namespace medarc::index::test
