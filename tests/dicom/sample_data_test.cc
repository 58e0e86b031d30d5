// Real objects, when MEDARC_SAMPLE_DATA names a folder with `dicom/facts.json` and the files it lists;
// without it the generated objects of the other tests have to do.
#include "archive/hash.h"
#include "tests/support/imaging_fixture.h"
#include "tests/support/sample_facts.h"

namespace medarc::dicom {
namespace {

using test::read_whole;
using test::text_of;

// The note of an invented file knows better than the toolkit that listed the facts; that one also
// keeps escape sequences it should have taken away.
std::string name_wanted(const boost::json::object& f) {
  static constexpr std::string_view kNote = "must decode to ", kEscape = "\x1B$)A";
  const std::string note = text_of(f, "note");
  const size_t at = note.find(kNote);
  std::string name = at == std::string::npos ? text_of(f, "PatientName") : note.substr(at + kNote.size());
  for (size_t e; (e = name.find(kEscape)) != std::string::npos;) name.erase(e, kEscape.size());
  while (!name.empty() && name.back() == '=') name.pop_back();
  return name;
}

class SampleDataTest : public test::ImagingFixture {};

TEST_F(SampleDataTest, EveryReadableFileComesBackAndItsFactsAgree) {
  const char* root = ::getenv("MEDARC_SAMPLE_DATA");
  if (root == nullptr) return;
  const std::string dir = std::string(root) + "/dicom/";
  const auto facts = boost::json::parse(read_whole(dir + "facts.json"));
  int stored = 0, refused = 0;
  for (const auto& entry : facts.as_array()) {
    const auto& f = entry.as_object();
    const std::string name = text_of(f, "file");
    const bool odd = name.rfind("odd-or-broken", 0) == 0;
    const Bytes file = read_whole(dir + name);
    auto result = store_file(file);
    if (result.has_error()) {
      ++refused;
      std::printf("refused %s: %s\n", name.c_str(), result.error().text.c_str());
      const bool cut_short = name.find("truncated") != std::string::npos;
      EXPECT_TRUE(odd || cut_short || text_of(f, "SOPInstanceUID").empty()) << name << ": " << result.error().text;
      continue;
    }
    ++stored;
    const InstanceRow r = row(result->study, result->series, result->instance);
    auto original = imaging_->object(who_, r, Form::original);
    ASSERT_TRUE(original.has_value()) << name;
    EXPECT_TRUE(drain(*original) == file) << name;
    auto study = index_->view()->study(result->study);
    if (!odd) {
      // Files that name none are kept under UIDs of the file meta or of our own.
      if (!text_of(f, "SOPInstanceUID").empty()) {
        EXPECT_EQ(r.uid.value, text_of(f, "SOPInstanceUID")) << name;
      }
      if (!text_of(f, "StudyInstanceUID").empty()) {
        EXPECT_EQ(r.study.value, text_of(f, "StudyInstanceUID")) << name;
      }
      if (!text_of(f, "transfer_syntax").empty()) {
        EXPECT_EQ(r.transfer_syntax.value, text_of(f, "transfer_syntax")) << name;
      }
    }
    auto frames = imaging_->frames(who_, r, {1}, Form::stored);
    if (frames.has_value()) drain(frames->frames[0]);
    auto web = imaging_->object(who_, r, Form::stored);
    EXPECT_TRUE(web.has_value()) << name;
    if (web.has_value()) drain(*web);
    std::shared_ptr<index::View> view = index_->view();
    auto metadata = imaging_->metadata(who_, view, r.study, r.series, r.uid, "http://h");
    ASSERT_TRUE(metadata.has_value()) << name;
    Content c;
    c.source = std::move(*metadata);
    boost::system::error_code bad;
    const Bytes json_text = drain(c);
    boost::json::parse_options deep;
    deep.max_depth = 512;
    auto json = boost::json::parse(json_text, bad, {}, deep);
    ASSERT_FALSE(bad) << name << ": " << bad.message() << " " << json_text.substr(0, 300);
    const std::string wanted = name_wanted(f);
    if (name.rfind("charsets/", 0) == 0) {
      std::string got;
      if (const auto* pn = json.as_object().if_contains("00100010")) {
        if (const auto* value = pn->as_object().if_contains("Value")) {
          for (const char* group : {"Alphabetic", "Ideographic", "Phonetic"}) {
            const auto& o = value->as_array()[0].as_object();
            if (const auto* g = o.if_contains(group)) got += (got.empty() ? "" : "=") + std::string(g->as_string());
          }
        }
      }
      EXPECT_EQ(got, wanted) << name;
    }
  }
  std::printf("%d stored, %d refused\n", stored, refused);
  EXPECT_GT(stored, 0);
}

}  // namespace
}  // namespace medarc::dicom
