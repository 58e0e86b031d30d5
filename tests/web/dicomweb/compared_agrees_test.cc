// Random questions on sequences, private and extra indexed attributes: QIDO-RS, C-FIND and a plain
// loop over what was stored give the same answers, however much of it is indexed.
// Long form: MEDARC_COMPARED_STUDIES, MEDARC_COMPARED_QUERIES.
#include <cstdlib>
#include <random>

#include "dicom/attribute_indexer.h"
#include "index/normalise.h"
#include "tests/web/dicomweb/both_doors.h"

namespace medarc::web {
namespace {

using test::DatasetMaker;

struct Item {
  std::string step, procedure;
};
struct Instance {
  std::string study, series, uid;
  std::vector<Item> requests;      // of the series
  std::string private_text;        // "" : no block
  std::vector<std::string> codes;  // (0040,0007), extra attribute of the study
};

// Nothing matches nothing; * and ? as wildcards.
bool matches(const std::string& pattern, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return !value.empty() && index::wildcard_match(pattern, value);
  });
}

size_t number_from(const char* name, size_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

class ComparedAgrees : public BothDoors {
 protected:
  void SetUp() override {
    Config config = *Config::parse(
        "[[index.attribute]]\nkey = \"00400007\"\nlevel = \"study\"\n"
        "[[index.attribute]]\nkey = \"00091001\"\ncreator = \"ACME\"\n");
    extras_ = *dicom::ExtraAttributes::from(config);
    imaging_ = dicom::Imaging::create(*index_, *guard_, {}, codecs_.get(), {}, extras_);
    open_doors();
    indexer_ = std::move(*dicom::AttributeIndexer::open(*index_, extras_));
  }

  std::string one_of(std::initializer_list<const char*> list) {
    return *(list.begin() + random_() % list.size());
  }

  void store_study(size_t n) {
    for (size_t s = 1 + random_() % 2; s > 0; --s) {
      Instance made;
      made.study = "2.25." + std::to_string(n + 1);
      made.series = made.study + "." + std::to_string(s);
      for (size_t i = random_() % 3; i > 0; --i) {
        made.requests.push_back({one_of({"S1", "S2", "S10", ""}), one_of({"R1", "R2", "r1", ""})});
      }
      for (size_t i = 1 + random_() % 2; i > 0; --i) {
        made.uid = made.series + "." + std::to_string(i);
        made.private_text = one_of({"", "alpha", "beta", "alp"});
        made.codes.clear();
        for (size_t c = random_() % 3; c > 0; --c) made.codes.push_back(one_of({"C1", "C2", "D1"}));
        put(recipe_of(made));
        stored_.push_back(made);
      }
    }
  }

  test::ImageRecipe recipe_of(const Instance& made) {
    test::ImageRecipe r;
    r.study_uid = made.study;
    r.series_uid = made.series;
    r.sop_uid = made.uid;
    r.patient_id = "P" + made.study;
    r.rows = r.columns = 2;
    if (!made.private_text.empty()) {
      DatasetMaker block;
      const uint32_t at = random_() % 2 == 0 ? 0x10 : 0x20;
      block.text(0x00090000 | at, "LO", "ACME");
      r.before_patient = block.text(0x00090001 | at << 8, "LO", made.private_text).view();
    }
    DatasetMaker more;
    if (!made.codes.empty()) {
      std::string joined;
      for (const std::string& code : made.codes) joined += (joined.empty() ? "" : "\\") + code;
      more.text(0x00400007, "LO", joined);
    }
    more.head(0x00400275, "SQ", 0xFFFFFFFF);
    for (const Item& item : made.requests) {
      more.item()
          .text(0x00400009, "SH", item.step)
          .text(0x00401001, "SH", item.procedure)
          .end_item();
    }
    r.before_pixels = more.end_sequence().view();
    return r;
  }

  std::mt19937 random_{20260202};
  std::vector<Instance> stored_;
  dicom::ExtraAttributes extras_;
  std::unique_ptr<dicom::AttributeIndexer> indexer_;
};

TEST_F(ComparedAgrees, M6_RandomQuestionsHaveTheAnswersOfAPlainLoop) {
  const size_t studies = number_from("MEDARC_COMPARED_STUDIES", 25);
  const size_t queries = number_from("MEDARC_COMPARED_QUERIES", 120);
  size_t matched = 0, studies_stored = 0;
  for (size_t n = 0; n < queries; ++n) {
    while (studies_stored < 1 + n * studies / queries) store_study(studies_stored++);
    if (random_() % 4 == 0) {
      ASSERT_TRUE(indexer_->step().has_value());
    }
    Ask ask;
    ask.level = one_of({"SERIES", "IMAGE"});
    std::string step, procedure, text, code;
    if (random_() % 2 == 0) step = one_of({"S1", "S*", "S?", "S1?", "s1"});
    if (random_() % 3 == 0) procedure = one_of({"R1", "R*", "?1", "r1"});
    if (random_() % 3 == 0) code = one_of({"C1", "C*", "D?", "X"});
    if (ask.level == "IMAGE" && random_() % 2 == 0)
      text = one_of({"alpha", "alp*", "bet?", "gamma"});
    if (!step.empty()) ask.keys.emplace_back("00400275.00400009", step);
    if (!procedure.empty()) ask.keys.emplace_back("00400275.00401001", procedure);
    if (!code.empty()) ask.keys.emplace_back("00400007", code);
    if (!text.empty()) {
      ask.keys.emplace_back("00090010", "ACME");
      ask.keys.emplace_back("00091001", text);
    }
    std::set<std::string> expected;
    for (const Instance& one : stored_) {
      const bool item_met =
          (step.empty() && procedure.empty()) ||
          std::any_of(one.requests.begin(), one.requests.end(), [&](const Item& item) {
            return (step.empty() || matches(step, {item.step})) &&
                   (procedure.empty() || matches(procedure, {item.procedure}));
          });
      const bool code_met =
          code.empty() || std::any_of(stored_.begin(), stored_.end(), [&](const Instance& other) {
            return other.study == one.study && matches(code, other.codes);
          });
      const bool text_met = text.empty() || matches(text, {one.private_text});
      if (item_met && code_met && text_met) {
        expected.insert(ask.level == "SERIES" ? one.series : one.uid);
      }
    }
    std::string asked = ask.level;
    for (const auto& [path, value] : ask.keys) asked += " " + path + "=" + value;
    ASSERT_EQ(found(ask), expected) << n << " " << asked;
    matched += expected.empty() ? 0 : 1;
  }
  EXPECT_GT(matched, queries / 4);
}

}  // namespace
}  // namespace medarc::web
