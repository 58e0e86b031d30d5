// Matching keys: what finds which items, and what comes back of them.
#include "tests/dicom/worklist/fixture.h"

namespace medarc::dicom::worklist {
namespace {

class WorklistKeys : public WorklistFixture {
 protected:
  void SetUp() override {
    WorklistFixture::SetUp();
    create("1.2.1", work_item_json("Read CT", "", "SCHEDULED", "CT1"));
    create("1.2.2", work_item_json("Read MR", "", "SCHEDULED", "MR1"));
    to_state("1.2.2", "IN PROGRESS", "2.25.1");
  }
  // UIDs of what the identifier finds, and whether all its keys counted.
  Texts found(const std::string& identifier, bool* all_keys = nullptr, Matching how = {}) {
    auto keys = read_keys(of(identifier), how);
    EXPECT_TRUE(keys.has_value());
    if (all_keys != nullptr) *all_keys = keys->unsupported.empty();
    keys->query.order = index::Order::by_id;
    const auto view = index_->view();
    auto page = list_->find(who_, *view, keys->query);
    EXPECT_TRUE(page.has_value());
    Texts out;
    for (const index::Match& m : page->matches) {
      const auto row = *index::decode_work_item(m.row.value);
      EXPECT_TRUE(matches(row, keys->query));
      out.push_back(row.uid.value);
    }
    return out;
  }
  static std::string in(const std::string& sequence, const std::string& inside) {
    return "{\"" + sequence + R"(":{"vr":"SQ","Value":[)" + inside + "]}}";
  }
  const Texts both{"1.2.1", "1.2.2"}, first{"1.2.1"}, second{"1.2.2"}, none;
};

TEST_F(WorklistKeys, FindByTheValuesOfTheTopLevel) {
  EXPECT_EQ(found("{}"), both);
  EXPECT_EQ(found(R"({"00741000":{"vr":"CS","Value":["IN PROGRESS"]}})"), second);
  EXPECT_EQ(found(R"({"00741204":{"vr":"LO","Value":["*CT"]}})"), first);
  EXPECT_EQ(found(R"({"00100020":{"vr":"LO","Value":["P1"]}})"), both);
  EXPECT_EQ(found(R"({"00100020":{"vr":"LO","Value":["P2"]}})"), none);
  EXPECT_EQ(found(R"({"00080018":{"vr":"UI","Value":["1.2.2","1.2.9"]}})"), second);
  EXPECT_EQ(found(R"({"00404005":{"vr":"DT","Value":["20260101-20260103"]}})"), both);
  EXPECT_EQ(found(R"({"00404005":{"vr":"DT","Value":["20260103-"]}})"), none);
  EXPECT_EQ(found(R"({"00741200":{"vr":"CS","Value":["MEDIUM"]}})"), both);
  Matching fuzzy;
  fuzzy.fuzzy_names = true;
  EXPECT_EQ(found(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"jan"}]}})", nullptr, fuzzy),
            both);
}

TEST_F(WorklistKeys, FindByCodesOfTheSameItem) {
  const auto code = [&](const std::string& inside) { return found(in("00404025", inside)); };
  EXPECT_EQ(code(R"({"00080100":{"vr":"SH","Value":["CT1"]}})"), first);
  EXPECT_EQ(
      code(
          R"({"00080100":{"vr":"SH","Value":["CT1"]},"00080102":{"vr":"SH","Value":["99LOCAL"]}})"),
      first);
  EXPECT_EQ(
      code(R"({"00080100":{"vr":"SH","Value":["CT1"]},"00080102":{"vr":"SH","Value":["DCM"]}})"),
      none);
  EXPECT_EQ(code(R"({"00080102":{"vr":"SH","Value":["99LOCAL"]}})"), both);
  EXPECT_EQ(code(R"({"00080100":{"vr":"SH"}})"), both);
  EXPECT_EQ(code("{}"), both);
  EXPECT_EQ(found(in("00404018", R"({"00080100":{"vr":"SH","Value":["110001"]}})")), both);
}

TEST_F(WorklistKeys, FindByTheRequest) {
  EXPECT_EQ(found(in("0040A370", R"({"00080050":{"vr":"SH","Value":["A1"]}})")), both);
  EXPECT_EQ(found(in("0040A370", R"({"00080050":{"vr":"SH","Value":["A2"]}})")), none);
  EXPECT_EQ(found(in("0040A370", R"({"0020000D":{"vr":"UI","Value":["1.2.77"]}})")), both);
  EXPECT_EQ(found(in("0040A370", R"({"00401001":{"vr":"SH","Value":["RP1"]}})")), both);
}

TEST_F(WorklistKeys, U3_TheTransactionCannotBeSearched) {
  bool all = true;
  EXPECT_EQ(found(R"({"00081195":{"vr":"UI","Value":["2.25.1"]}})", &all), both);
  EXPECT_FALSE(all);
  EXPECT_EQ(found(in("00404021", R"({"0020000D":{"vr":"UI","Value":["1.2"]}})"), &all), both);
  EXPECT_FALSE(all);
  EXPECT_EQ(found(in("00404025", R"({"00080104":{"vr":"LO","Value":["x"]}})"), &all), both);
  EXPECT_FALSE(all);
  found("{}", &all);
  EXPECT_TRUE(all);
}

TEST_F(WorklistKeys, AnswersHoldWhatWasAskedFor) {
  const DataSet wanted = of(R"({"00741204":{"vr":"LO"},"00741208":{"vr":"LO"},)"
                            R"("00404025":{"vr":"SQ","Value":[{"00080100":{"vr":"SH"}}]},)"
                            R"("00404018":{"vr":"SQ"}})");
  const DataSet got = project(item("1.2.1"), wanted);
  EXPECT_EQ(got.all().size(), 4u);
  EXPECT_EQ(got.first(Tag{0x00741204}), "Read CT");
  EXPECT_NE(got.find(Tag{0x00741208}), nullptr);
  EXPECT_EQ(got.find(kStationNames)->items[0].all().size(), 1u);
  EXPECT_EQ(got.find(Tag{0x00404018})->items[0].all().size(), 3u);
}

TEST_F(WorklistKeys, AValueThatIsNoneIsAnError) {
  EXPECT_EQ(read_keys(of(R"({"00404005":{"vr":"DT","Value":["-"]}})"), {}).error().code,
            Code::invalid_argument);
}

}  // namespace
}  // namespace medarc::dicom::worklist
