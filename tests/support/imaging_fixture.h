// A real archive with the imaging use cases on it, in a directory of its own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include "dicom/dictionary.h"
#include "dicom/imaging.h"
#include "tests/support/temp_dir.h"

namespace medarc::test {

class ImagingFixture : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dicom::load_dictionary().has_value());
    index::IndexOptions options;
    auto opened = index::open_index(posix_fs(), dir_, options);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    index_ = std::move(*opened);
    guard_ = security::Guard::create(*index_, {});
    imaging_ = dicom::Imaging::create(*index_, *guard_, {});
  }
  void TearDown() override {
    imaging_.reset();
    guard_.reset();
    index_.reset();
  }

  Result<dicom::StoreResult> store_file(ByteView file, size_t piece = 100'000) {
    auto object = dicom::receive_file(*imaging_, who_, std::nullopt);
    for (size_t at = 0; at < file.size(); at += piece) {
      if (auto s = object->write(file.substr(at, piece)); s.has_error()) return s.error();
    }
    MEDARC_ASSIGN(auto prepared, object->prepare());
    std::vector<dicom::Prepared> all;
    all.push_back(std::move(prepared));
    MEDARC_ASSIGN(auto results, imaging_->commit(who_, std::move(all)));
    return results[0];
  }
  dicom::InstanceRow row(const index::StudyUid& study, const index::SeriesUid& series,
                         const index::SopInstanceUid& uid) {
    auto found = index_->view()->instance(study, series, uid);
    EXPECT_TRUE(found.has_value() && found->has_value());
    return **found;
  }
  // Everything a content holds; its stated length must be the true one.
  static Bytes drain(dicom::Content& c, size_t capacity = 70'000) {
    Bytes out, buffer(capacity, '\0');
    while (true) {
      auto n = c.source->read(buffer.data(), buffer.size());
      EXPECT_TRUE(n.has_value()) << n.error().text;
      if (n.has_error() || *n == 0) break;
      out.append(buffer, 0, *n);
    }
    EXPECT_EQ(out.size(), c.bytes.value_or(out.size()));
    return out;
  }

  const test::TempDir temp_;
  const std::string dir_ = temp_.path();
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<security::Guard> guard_;
  std::unique_ptr<dicom::Imaging> imaging_;
  const security::Principal who_{"local", {security::Role::administrator}, "test", "127.0.0.1"};
};

}  // namespace medarc::test
