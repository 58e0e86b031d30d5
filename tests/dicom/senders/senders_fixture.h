// An archive with rules for senders, and objects as those send them.
#pragma once

#include <boost/json.hpp>

#include "dicom/senders/findings.h"
#include "dicom/senders/quirks.h"
#include "dicom/senders/refusals.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::test {

class SendersFixture : public ImagingFixture {
 protected:
  // The rules in force from here on; "" for none.
  void rules(const std::string& toml) {
    auto config = Config::parse(toml);
    ASSERT_TRUE(config.has_value());
    auto quirks = dicom::senders::Quirks::from(*config, "MEDARC");
    ASSERT_TRUE(quirks.has_value()) << quirks.error().text;
    imaging_ = dicom::Imaging::create(
        *index_, *guard_, {}, nullptr, {}, {},
        {std::make_shared<const dicom::senders::Quirks>(std::move(*quirks)), refusals_});
  }

  // As `aet` sends it over DIMSE, or, with `study`, over the web to that study.
  Result<dicom::StoreResult> send(const std::string& aet, ByteView file,
                                  std::optional<index::StudyUid> study = {}) {
    security::Principal sender{"ae:" + aet, {security::Role::modality}, "dimse", "127.0.0.1"};
    auto object = dicom::receive_file(*imaging_, sender, std::move(study));
    MEDARC_TRY(object->write(file));
    MEDARC_ASSIGN(auto prepared, object->prepare());
    std::vector<dicom::Prepared> all;
    all.push_back(std::move(prepared));
    MEDARC_ASSIGN(auto results, imaging_->commit(sender, std::move(all)));
    return results[0];
  }

  dicom::InstanceRow row_of(const dicom::StoreResult& stored) {
    return row(stored.study, stored.series, stored.instance);
  }

  // The instance's kept metadata.
  boost::json::object metadata(const dicom::StoreResult& stored) {
    std::shared_ptr<index::View> view = index_->view();
    auto source =
        imaging_->metadata(who_, view, stored.study, stored.series, stored.instance, "http://h");
    EXPECT_TRUE(source.has_value());
    dicom::Content content;
    content.source = std::move(*source);
    return boost::json::parse(drain(content)).as_object();
  }

  Bytes object(const dicom::InstanceRow& row, dicom::Form form) {
    auto content = imaging_->object(who_, row, form);
    EXPECT_TRUE(content.has_value()) << content.error().text;
    return content.has_value() ? drain(*content) : Bytes();
  }

  // Kinds of what was found, in order.
  static std::vector<std::string> kinds(const dicom::InstanceRow& row) {
    std::vector<std::string> out;
    for (const auto& f : dicom::senders::findings_of(row).findings) out.push_back(f.kind);
    return out;
  }

  std::shared_ptr<dicom::senders::Refusals> refusals_ =
      std::make_shared<dicom::senders::Refusals>();
};

}  // namespace medarc::test
