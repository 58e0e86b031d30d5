// A sender whose UIDs are repaired (dicom/senders/uid_repair.h) finds and fetches its objects under
// the UIDs it wrote; nobody else does.
#include "dicom/senders/quirks.h"
#include "tests/dicom/net/query_fixture.h"

namespace medarc::dicom::test {
namespace {

class FiledUids : public QueryNet {
 protected:
  void SetUp() override {
    QueryNet::SetUp();
    auto config =
        Config::parse("[[dicom.quirk]]\naet = \"RAW\"\nuid_repair = \"leading_zeros, derive\"\n");
    auto quirks = senders::Quirks::from(*config, "MEDARC");
    ASSERT_TRUE(quirks.has_value()) << quirks.error().text;
    options.quirks = std::make_shared<const senders::Quirks>(std::move(*quirks));
    real = Imaging::create(*archive, *guard, limits, codecs.get(), {}, {}, {options.quirks, {}});
    for (int n = 1; n <= 2; ++n) send(n);
    listen();
  }
  void send(int n) {
    ImageRecipe r = some(n, 1, 1);
    r.study_uid = "2.25.01" + std::to_string(n);
    r.series_uid = r.study_uid + ".02";
    r.sop_uid = r.series_uid + ".x";
    const Principal sender{"ae:RAW", {security::Role::modality}, "dimse", "127.0.0.1"};
    auto object = receive_file(*real, sender, std::nullopt);
    ASSERT_TRUE(object->write(make_file(r)).has_value());
    auto prepared = object->prepare();
    ASSERT_TRUE(prepared.has_value()) << prepared.error().text;
    std::vector<Prepared> all;
    all.push_back(std::move(*prepared));
    ASSERT_TRUE(real->commit(sender, std::move(all)).has_value());
  }
  static std::string named(const char* level, const std::string& study,
                           const std::string& series = {}, const std::string& instance = {}) {
    std::string out;
    if (!instance.empty()) out += key(0x00080018, instance, '\0');
    out += key(0x00080052, level) + key(0x0020000D, study, '\0');
    if (!series.empty()) out += key(0x0020000E, series, '\0');
    return out;
  }
  // Study UIDs of what is found.
  std::vector<std::string> found(const std::string& identifier) {
    std::vector<std::string> out;
    for (const RawResponse& match : find(kStudyFind, identifier).matches) {
      out.push_back(value_of(match.dataset, 0x0020000D).value_or(""));
    }
    return out;
  }
  // How many instances a C-GET would send; here none of them can be.
  int fetched(const std::string& identifier, const std::string& calling = "RAW") {
    RawRequest request;
    request.calling = calling;
    request.contexts = {{1, kStudyGet, {kImplicit}}};
    RawAssociation association(port(), request);
    EXPECT_TRUE(association.established());
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(kStudyGet)},
                                                      {0x0100, le16(0x0010)},
                                                      {0x0110, le16(5)},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(1, false, identifier));
    while (auto response = association.read_response()) {
      if (response->status != 0xFF00) return response->failed.value_or(-2);
    }
    return -1;
  }
};

TEST_F(FiledUids, S11_ASenderFindsWhatItSentAsItWroteIt) {
  using Studies = std::vector<std::string>;
  EXPECT_EQ(found(named("STUDY", "2.25.011")), Studies{"2.25.11"});
  EXPECT_EQ(found(named("STUDY", "2.25.11")), Studies{"2.25.11"});
  EXPECT_EQ(found(named("STUDY", "2.25.011\\2.25.012")), (Studies{"2.25.11", "2.25.12"}));
  EXPECT_EQ(found(named("SERIES", "2.25.012", "2.25.012.02")), Studies{"2.25.12"});
  EXPECT_EQ(found(named("IMAGE", "2.25.012", "2.25.012.02", "2.25.012.02.x")), Studies{"2.25.12"});
  EXPECT_EQ(found(named("IMAGE", "2.25.012", "2.25.012.02", "2.25.012.02.y")), Studies());
}

TEST_F(FiledUids, S11_AndFetchesIt) {
  EXPECT_EQ(fetched(named("STUDY", "2.25.011")), 1);
  EXPECT_EQ(fetched(named("STUDY", "2.25.011\\2.25.012")), 2);
  EXPECT_EQ(fetched(named("SERIES", "2.25.011", "2.25.011.02")), 1);
  EXPECT_EQ(fetched(named("IMAGE", "2.25.011", "2.25.011.02", "2.25.011.02.x")), 1);
  EXPECT_EQ(fetched(named("IMAGE", "2.25.11", "2.25.11.2", "2.25.011.02.x")), 1);
  EXPECT_EQ(fetched(named("STUDY", "2.25.11")), 1);
  // To others such a UID is one of nobody's: two senders' may be the same after repair.
  EXPECT_EQ(fetched(named("STUDY", "2.25.011"), "OTHER"), 0);
  EXPECT_EQ(fetched(named("STUDY", "2.25.11"), "OTHER"), 1);
}

}  // namespace
}  // namespace medarc::dicom::test
