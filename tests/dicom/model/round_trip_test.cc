// Any dataset comes back the same from its own JSON and from its own XML.
#include <random>

#include "dicom/model/xml_writer.h"
#include "tests/dicom/model/model_fixture.h"
#include "tests/support/dicom_maker.h"

namespace medarc::dicom::test {
namespace {

using medarc::test::DatasetMaker;

// Random datasets with every VR, nested, empty and private elements.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Bytes make() {
    DatasetMaker d;
    utf8_ = below(2) == 0;
    accents_ = below(4) != 0;
    if (accents_) d.text(0x00080005, "CS", utf8_ ? "ISO_IR 192" : "ISO_IR 100");
    d.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(0x00080018, "UI", "1.2.3");
    elements(d, 0);
    return d.view();
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }

  void elements(DatasetMaker& d, int depth) {
    d.text(0x00090010, "LO", "ACME").text(0x00090011, "LO", accents_ ? word() : "OTHER");
    for (uint32_t i = 0, n = 1 + below(12); i < n; ++i) element(d, 0x00091000 + i, depth);
    element(d, 0x00091101, depth);
    element(d, 0x000B1001, depth);  // nobody's block
    d.text(0x00100010, "PN", name());
    for (uint32_t i = 0, n = below(40); i < n; ++i) element(d, 0x00191000 + 3 * i, depth);
  }

  void element(DatasetMaker& d, uint32_t tag, int depth) {
    static constexpr const char* kVrs[] = {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL",
                                           "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW",
                                           "PN", "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC",
                                           "UI", "UL", "UN", "UR", "US", "UT", "UV"};
    const char* vr = kVrs[below(std::size(kVrs))];
    const std::string v = vr;
    if (below(8) == 0 && v != "SQ") {
      d.bytes(tag, vr, "");
    } else if (v == "SQ") {
      d.head(tag, vr, 0xFFFFFFFF);
      for (uint64_t i = 0, n = depth < 3 ? below(3) : 0; i < n; ++i) {
        d.item();
        if (below(4) != 0) elements(d, depth + 1);
        d.end_item();
      }
      d.end_sequence();
    } else if (v[0] == 'O' || v == "UN" || v == "FD" || v == "SV" || v == "UV" || v == "FL" ||
               v == "SL" || v == "UL" || v == "AT" || v == "SS" || v == "US") {
      Bytes bytes(8 * (1 + below(12)), '\0');
      for (char& c : bytes) c = static_cast<char>(random_());
      d.bytes(tag, vr, bytes);
    } else if (v == "LT" || v == "ST" || v == "UT" || v == "UR") {
      d.text(tag, vr, word() + (v == "UR" ? "" : "\n\t <&> \"\\ ") + word());
    } else {
      std::string text;
      for (uint64_t i = 0, n = below(3); i <= n; ++i) {
        if (i > 0) text += '\\';
        if (v == "PN") {
          text += name();
        } else if (v == "DS") {
          text += std::to_string(static_cast<double>(random_() % 100'000) / 64 - 500);
        } else if (v == "IS") {
          text += std::to_string(static_cast<int32_t>(random_()));
        } else if (v == "UI") {
          text += "1.2." + std::to_string(below(1000));
        } else if (i == 0 && n > 0) {
          text += "";
        } else {
          text += v == "LO" || v == "SH" || v == "UC" ? word() : "X" + std::to_string(below(100));
        }
      }
      d.text(tag, vr, text);
    }
  }

  std::string word() {
    std::string out = "w";
    for (uint64_t i = 0, n = below(6); i < n; ++i) {
      if (accents_ && below(3) == 0) {
        out += utf8_ ? (below(2) == 0 ? "é" : "山") : "\xE9";
      } else {
        out += static_cast<char>('!' + below(60));
        if (out.back() == '\\' || out.back() == '=' || out.back() == '^') out.back() = '-';
      }
    }
    return out;
  }

  std::string name() {
    std::string out = word() + "^" + word() + (below(2) == 0 ? "^^Dr." : "");
    if (below(3) == 0) out += "=" + word();
    if (below(3) == 0) out += (out.find('=') == std::string::npos ? "==" : "=") + word();
    return out;
  }

  std::mt19937_64 random_;
  bool utf8_ = false, accents_ = false;
};

class RoundTrip : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
};

TEST_P(RoundTrip, S8_JsonToDatasetToJson) {
  const Bytes json = metadata_of(Maker(GetParam()).make());
  EXPECT_EQ(metadata_of(read_one<JsonReader>(json).dataset), json);
}

TEST_P(RoundTrip, S8_XmlToDatasetToJson) {
  const Bytes json = metadata_of(Maker(GetParam()).make());
  const auto xml = native_xml(json);
  ASSERT_TRUE(xml.has_value());
  EXPECT_EQ(metadata_of(read_one<XmlReader>(*xml).dataset), json) << *xml;
}

INSTANTIATE_TEST_SUITE_P(Generated, RoundTrip, testing::Range<uint64_t>(1, 201));

}  // namespace
}  // namespace medarc::dicom::test
