// C-FIND and QIDO-RS give the same answers to the same random questions, over one archive of nasty
// names, dates and character sets. Long form: MEDARC_FIND_STUDIES, MEDARC_FIND_QUERIES.
#include <boost/json.hpp>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "dicom/server.h"
#include "tests/support/raw_association.h"
#include "tests/web/dicomweb/archive_fixture.h"
#include "web/url.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::le16;
using test::le32;

constexpr const char* kStudyFind = "1.2.840.10008.5.1.4.1.2.2.1";
constexpr uint32_t kPatientName = 0x00100010, kPatientId = 0x00100020, kBirthDate = 0x00100030,
                   kAccession = 0x00080050, kStudyDate = 0x00080020, kStudyTime = 0x00080030,
                   kModalities = 0x00080061, kZone = 0x00080201, kStudyUid = 0x0020000D,
                   kInstances = 0x00201208;
constexpr uint32_t kReturned[] = {kStudyDate,   kStudyTime, kAccession, kModalities, kZone,
                                  kPatientName, kPatientId, kStudyUid,  kInstances};

size_t number_from(const char* name, size_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// tag → value as text, in UTF-8; several values joined by a backslash.
using Answer = std::map<uint32_t, std::string>;
using Answers = std::map<std::string, Answer>;  // by Study Instance UID

std::string implicit(uint32_t tag, std::string value) {
  if (value.size() % 2 != 0) value += tag == kStudyUid ? '\0' : ' ';
  return le16(static_cast<uint16_t>(tag >> 16)) + le16(static_cast<uint16_t>(tag)) +
         le32(static_cast<uint32_t>(value.size())) + value;
}

// Components and groups without a value at the end say nothing (PS3.5 6.2.1.2).
std::string plain_name(const std::string& name) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t end = std::min(name.find('=', at), name.size());
    std::string group = name.substr(at, end - at);
    while (!group.empty() && group.back() == '^') group.pop_back();
    out += group;
    if (end == name.size()) break;
    out += '=';
    at = end + 1;
  }
  while (!out.empty() && out.back() == '=') out.pop_back();
  return out;
}

Answer read_implicit(const std::string& dataset) {
  const auto number = [&](size_t at, size_t n) {
    uint32_t v = 0;
    for (size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(dataset[at + i]);
    return v;
  };
  Answer out;
  for (size_t at = 0; at + 8 <= dataset.size();) {
    const uint32_t tag = number(at, 2) << 16 | number(at + 2, 2), length = number(at + 4, 4);
    std::string value = dataset.substr(at + 8, length);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.pop_back();
    if (tag == kPatientName) value = plain_name(value);
    if (!value.empty()) out[tag] = std::move(value);
    at += 8 + length;
  }
  return out;
}

std::string text_of(const json::value& v) {
  if (v.is_string()) return std::string(v.as_string());
  if (v.is_number()) return json::serialize(v);
  std::string out;  // a person name
  for (const char* group : {"Alphabetic", "Ideographic", "Phonetic"}) {
    const json::value* part = v.as_object().if_contains(group);
    out += (group[0] == 'A' ? "" : "=") + (part == nullptr ? "" : std::string(part->as_string()));
  }
  while (!out.empty() && out.back() == '=') out.pop_back();
  return out;
}

class FindAgrees : public ArchiveTest {
 protected:
  void SetUp() override {
    serve();
    dicom::ServerOptions options;
    options.port = 0;
    auto made = dicom::Server::start(options, {}, *imaging_, authenticator_);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    dicom_ = std::move(*made);
  }
  void TearDown() override { dicom_.reset(); }

  const std::string& one_of(const std::vector<std::string>& from) {
    return from[random_() % from.size()];
  }

  void fill(size_t studies) {
    const std::vector<std::pair<std::string, std::string>> names = {
        {"", "Doe^Jane"},
        {"", "DOE^JOHN^A^^"},
        {"", "Smith^Ann-Marie"},
        {"", "O'Brien^Pat"},
        {"", "Wang^XiaoDong"},
        {"", ""},
        {"", "^^"},
        {"", "Li"},
        {"", "van der Berg^Jan"},
        {"ISO_IR 192", "Müller^Jörg"},
        {"ISO_IR 192", "Wang^XiaoDong=王^小东"},
        {"ISO_IR 192", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
        {"ISO_IR 192", "=山田^花子"},
        {"ISO_IR 100", "M\xFCller^J\xF6rg"},
        {"ISO_IR 144", "\xBB\xEE\xDA\x63\x65\xDC\xD1\xE0\xD3"},
        {"GB18030", "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB"},
        {"\\ISO 2022 IR 87", "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B"}};
    const std::vector<std::string> modalities = {"CT", "MR", "SR", "PT"};
    std::vector<dicom::Prepared> batch;
    const auto commit = [&] {
      ASSERT_TRUE(imaging_->commit(who_, std::move(batch)).has_value());
      batch.clear();
    };
    for (size_t n = 0; n < studies; ++n) {
      test::ImageRecipe r;
      const auto& [charset, name] = names[random_() % names.size()];
      r.charset = charset;
      r.patient_name = name;
      r.patient_id = random_() % 20 == 0 ? "" : "P" + std::to_string(random_() % (studies / 2 + 1));
      if (random_() % 30 == 0) r.patient_id += "*x";
      r.issuer = random_() % 2 == 0 ? "HOSPITAL" : "";
      r.study_uid = "2.25." + std::to_string(n * 7 + 1);
      r.accession = random_() % 10 == 0 ? "" : "A" + std::to_string(random_() % studies);
      char date[16];
      std::snprintf(date, sizeof date, "20%02u%02u%02u", static_cast<unsigned>(20 + random_() % 4),
                    static_cast<unsigned>(1 + random_() % 12),
                    static_cast<unsigned>(1 + random_() % 28));
      r.study_date = random_() % 12 == 0 ? "" : random_() % 40 == 0 ? "2021.05.06" : date;
      char time[16];
      std::snprintf(time, sizeof time, "%02u%02u%02u", static_cast<unsigned>(random_() % 24),
                    static_cast<unsigned>(random_() % 60), static_cast<unsigned>(random_() % 60));
      r.study_time = random_() % 10 == 0 ? "" : random_() % 10 == 0 ? "07" : time;
      if (const std::string& zone = one_of(zones()); !zone.empty()) {
        r.before_patient = test::DatasetMaker().text(kZone, "SH", zone).view();
      }
      r.rows = r.columns = 2;
      for (size_t images = 1 + random_() % 3, i = 0; i < images; ++i) {
        r.modality = one_of(modalities);
        r.series_uid = r.study_uid + "." + std::to_string(i);
        r.sop_uid = r.series_uid + ".1";
        r.seed = n * 10 + i;
        auto object = dicom::receive_file(*imaging_, who_, std::nullopt);
        ASSERT_TRUE(object->write(test::make_file(r)).has_value());
        auto prepared = object->prepare();
        ASSERT_TRUE(prepared.has_value()) << prepared.error().text;
        batch.push_back(std::move(*prepared));
      }
      if (batch.size() > 200) commit();
    }
    commit();
  }

  // Part of a value with wildcards, or one that nothing has.
  std::string pattern(const std::string& value) {
    if (random_() % 4 == 0 || value.empty()) return value;
    std::string out = value.substr(0, 1 + random_() % value.size());
    switch (random_() % 3) {
      case 0: return out + "*";
      case 1: return "*" + out + "*";
      default: out[random_() % out.size()] = '?'; return out;
    }
  }

  static const std::vector<std::string>& zones() {
    static const std::vector<std::string> all = {"",      "",      "+0000", "+0800", "-0500",
                                                 "+0530", "-1200", "+1400", "0800",  "+9999"};
    return all;
  }

  std::string time() {
    return (random_() % 2 == 0 ? "0" : "1") + std::to_string(random_() % 10) +
           (random_() % 2 == 0 ? "" : "30");
  }
  std::string range(const std::string& low, const std::string& high) {
    return random_() % 3 == 0 ? low + "-" + high : random_() % 2 == 0 ? low + "-" : "-" + high;
  }

  std::string date() {
    return "20" + std::to_string(20 + random_() % 4) + (random_() % 2 == 0 ? "0101" : "0615");
  }

  std::map<uint32_t, std::string> question() {
    static const std::vector<std::string> kNames = {
        "Doe^Jane", "doe^j*", "*^Jane",     "MÜLLER^JÖRG", "Müller*", "王^小东", "*小*",
        "山田*",    "Wang*",  "=山田^花子", "Li",          "v?n*",    "Κ*",      "*'*"};
    static const std::vector<std::string> kModality = {"CT", "MR", "CT\\MR", "C*", "XX"};
    std::map<uint32_t, std::string> keys;
    for (size_t n = 1 + random_() % 3; n > 0; --n) {
      switch (random_() % 8) {
        case 7: keys[kStudyTime] = random_() % 4 == 0 ? time() : range(time(), time()); break;
        case 0: keys[kPatientName] = one_of(kNames); break;
        case 1: keys[kPatientId] = pattern("P" + std::to_string(random_() % 200)); break;
        case 2: keys[kAccession] = pattern("A" + std::to_string(random_() % 400)); break;
        case 3:
          keys[kStudyDate] = random_() % 3 == 0   ? date() + "-" + date()
                             : random_() % 2 == 0 ? date() + "-"
                                                  : "-" + date();
          break;
        case 4: keys[kModalities] = one_of(kModality); break;
        case 5: keys[kStudyDate] = date(); break;
        default:
          keys[kStudyUid] = "2.25." + std::to_string(random_() % 600) + "\\2.25.8\\2.25.15";
          break;
      }
    }
    if (random_() % 2 == 0) keys[kZone] = zones()[2 + random_() % 6];
    return keys;
  }

  Answers by_web(const std::map<uint32_t, std::string>& keys, bool fuzzy) {
    std::string target = "/dicom-web/studies?limit=100000&includefield=00201208";
    if (fuzzy) target += "&fuzzymatching=true";
    for (const auto& [tag, value] : keys) {
      char hex[16];
      std::snprintf(hex, sizeof hex, "&%08X=", tag);
      target += hex + percent_encode(value);
    }
    const test::HttpAnswer answer = test::HttpClient(port(), 300'000).get(target);
    Answers out;
    if (answer.status != 200) {
      out["status"][0] = std::to_string(answer.status);
      return out;
    }
    EXPECT_EQ(answer.header("Warning"), "") << target;
    const json::value rows = json::parse(answer.body);
    for (const json::value& row : rows.as_array()) {
      Answer one;
      for (const uint32_t tag : kReturned) {
        char hex[16];
        std::snprintf(hex, sizeof hex, "%08X", tag);
        const json::value* element = row.as_object().if_contains(hex);
        const json::value* values =
            element == nullptr ? nullptr : element->as_object().if_contains("Value");
        if (values == nullptr) continue;
        std::string text;
        for (const json::value& v : values->as_array()) {
          text += (text.empty() ? "" : "\\") + text_of(v);
        }
        if (tag == kPatientName) text = plain_name(text);
        if (!text.empty()) one[tag] = text;
      }
      out[one[kStudyUid]] = std::move(one);
    }
    return out;
  }

  Answers by_dimse(test::RawAssociation& association, std::map<uint32_t, std::string> keys) {
    for (const uint32_t tag : kReturned) keys.emplace(tag, "");
    keys[0x00080005] = "ISO_IR 192";
    keys[0x00080052] = "STUDY";
    std::string identifier;
    for (const auto& [tag, value] : keys) identifier += implicit(tag, value);
    EXPECT_TRUE(association.send_message(1, true,
                                         test::command_set({{0x0002, test::ui(kStudyFind)},
                                                            {0x0100, le16(0x0020)},
                                                            {0x0110, le16(1)},
                                                            {0x0700, le16(0)},
                                                            {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(1, false, identifier));
    Answers out;
    while (auto response = association.read_response(120'000)) {
      if ((response->status & 0xFF00) != 0xFF00) {
        if (response->status != 0) out["status"][0] = std::to_string(response->status);
        return out;
      }
      Answer one = read_implicit(response->dataset);
      std::erase_if(one, [](const auto& element) {
        return std::find(std::begin(kReturned), std::end(kReturned), element.first) ==
               std::end(kReturned);
      });
      out[one[kStudyUid]] = std::move(one);
    }
    ADD_FAILURE() << "the association ended";
    return out;
  }

  static std::string shown(const Answers& answers) {
    std::string out;
    for (const auto& [uid, row] : answers) {
      out += uid + ":";
      for (const auto& [tag, value] : row) out += " " + value + ",";
      out += "\n";
    }
    return out.substr(0, 2000);
  }

  std::unique_ptr<dicom::Server> dicom_;
  const security::Principal who_{"local", {security::Role::administrator}, "test", "127.0.0.1"};
  std::mt19937 random_{20260101};
};

TEST_F(FindAgrees, M1_M8_RandomQuestionsHaveOneAnswer) {
  const size_t studies = number_from("MEDARC_FIND_STUDIES", 300);
  const size_t queries = number_from("MEDARC_FIND_QUERIES", 1000);
  fill(studies);
  // Fuzzy names are of the association, and of the single request.
  test::RawRequest plain, fuzzy;
  plain.contexts = fuzzy.contexts = {{1, kStudyFind, {"1.2.840.10008.1.2"}}};
  const auto negotiated = [](char names) {
    const std::string flags{0, 1, names, 1};  // what QIDO-RS does always
    return test::ul_item(0x56, test::be16(static_cast<uint16_t>(std::string(kStudyFind).size())) +
                                   kStudyFind + flags);
  };
  plain.user_items = negotiated(0);
  fuzzy.user_items = negotiated(1);
  test::RawAssociation exact(dicom_->port(), plain), loose(dicom_->port(), fuzzy);
  ASSERT_TRUE(exact.established() && loose.established());
  size_t matched = 0, rows = 0;
  for (size_t n = 0; n < queries; ++n) {
    const auto keys = question();
    const bool is_fuzzy = n % 3 == 0;
    const Answers web = by_web(keys, is_fuzzy);
    const Answers dimse = by_dimse(is_fuzzy ? loose : exact, keys);
    std::string asked;
    for (const auto& [tag, value] : keys) asked += std::to_string(tag) + "=" + value + " ";
    ASSERT_EQ(web, dimse) << asked << (is_fuzzy ? "fuzzy" : "") << "\nQIDO-RS:\n"
                          << shown(web) << "C-FIND:\n"
                          << shown(dimse);
    matched += web.empty() ? 0 : 1;
    rows += web.size();
    if (n % 1000 == 999) std::printf("%zu of %zu\n", n + 1, queries), std::fflush(stdout);
  }
  EXPECT_GT(matched, queries / 4);  // the questions are not idle
  std::printf("%zu studies, %zu queries, %zu of them matched, %zu rows compared\n", studies,
              queries, matched, rows);
}

}  // namespace
}  // namespace medarc::web
