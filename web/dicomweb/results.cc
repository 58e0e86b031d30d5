#include "web/dicomweb/results.h"

#include <algorithm>

#include "base/piecewise_source.h"
#include "dicom/json.h"
#include "web/dicomweb/doors.h"

namespace medarc::web {
namespace {

using index::Attribute;
using index::AttributeSet;
using index::Kind;
using index::Tag;

struct Given {
  uint32_t tag;
  const char* vr;
  bool required;  // present even when empty (Q5-Q7)
};

// Sorted by tag; section 5 of the reference: U, R and C attributes. 0008,1190 and 0008,0056 are
// made here.
constexpr Given kStudy[] = {
    {0x00080020, "DA", true},  {0x00080030, "TM", true},  {0x00080050, "SH", true},
    {0x00080061, "CS", true},  {0x00080062, "UI", false}, {0x00080090, "PN", true},
    {0x00080201, "SH", false}, {0x00081030, "LO", false}, {0x00100010, "PN", true},
    {0x00100020, "LO", true},  {0x00100021, "LO", false}, {0x00100030, "DA", true},
    {0x00100040, "CS", true},  {0x0020000D, "UI", true},  {0x00200010, "SH", true},
    {0x00201206, "IS", true},  {0x00201208, "IS", true},
};
constexpr Given kSeries[] = {
    {0x00080060, "CS", true},  {0x0008103E, "LO", false}, {0x0020000D, "UI", true},
    {0x0020000E, "UI", true},  {0x00200011, "IS", true},  {0x00201209, "IS", true},
    {0x00400244, "DA", false}, {0x00400245, "TM", false}, {0x00400275, "SQ", false},
};
constexpr Given kInstance[] = {
    {0x00080016, "UI", true},  {0x00080018, "UI", true},  {0x0020000D, "UI", true},
    {0x0020000E, "UI", true},  {0x00200013, "IS", true},  {0x00280008, "IS", false},
    {0x00280010, "US", false}, {0x00280011, "US", false}, {0x00280100, "US", false},
};

// From here on attributes of rows are ours, no DICOM elements (index/rows.h).
constexpr uint32_t kOwnTags = 0xFFFE0000;

// Attributes of a result with those of higher precedence first; few, so a vector is best.
class Attributes {
 public:
  void add(const Attribute& a) {
    if (!has(a.tag)) kept_.push_back(a);
  }
  void add(uint32_t tag, std::string_view vr, std::vector<std::string> values) {
    add(Attribute{Tag{tag}, {vr[0], vr[1]}, std::move(values)});
  }
  bool has(Tag tag) const {
    return std::any_of(kept_.begin(), kept_.end(),
                       [&](const Attribute& a) { return a.tag == tag; });
  }
  void write(std::string& out) {
    std::sort(kept_.begin(), kept_.end(),
              [](const Attribute& a, const Attribute& b) { return a.tag < b.tag; });
    out += '{';
    for (size_t i = 0; i < kept_.size(); ++i) {
      if (i > 0) out += ',';
      dicom::append_json(out, kept_[i]);
    }
    out += '}';
  }
  std::vector<Attribute>& all() { return kept_; }

 private:
  std::vector<Attribute> kept_;
};

template <size_t N>
void add_level(const Given (&given)[N], const AttributeSet& row, const ResultForm& form,
               Attributes& out) {
  if (form.include_all) {
    for (const Attribute& a : row.all()) {
      if (a.tag.value < kOwnTags) out.add(a);
    }
  }
  for (const Given& g : given) {
    if (const Attribute* a = row.find(Tag{g.tag})) {
      out.add(*a);
    } else if (g.required) {
      out.add(g.tag, g.vr, {});
    }
  }
}

// What kept metadata points to gets its absolute URL.
void put_base(const std::string& base, std::string& text) {
  for (size_t at = 0; (at = text.find(dicom::kBaseMark, at)) != std::string::npos;) {
    text.replace(at, 1, base);
    at += base.size();
  }
}

class ResultStream : public PiecewiseSource {
 public:
  ResultStream(ResultForm form, std::shared_ptr<index::View> view, index::Query query,
               index::Page first, uint64_t limit, std::function<void(Bytes)> ended)
      : form_(std::move(form)),
        view_(std::move(view)),
        query_(std::move(query)),
        page_(std::move(first)),
        left_(limit),
        when_ended_(std::move(ended)) {}

 private:
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>&) override {
    if (next_ < page_.matches.size() && left_ > 0) {
      text += first_ ? "[" : ",";
      first_ = false;
      --left_;
      MEDARC_TRY(append_result(form_, *view_, page_.matches[next_++], text));
      return true;
    }
    if (left_ == 0 || page_.next.empty()) {
      text += first_ ? "[]" : "]";
      if (!page_.next.empty() && next_ == page_.matches.size()) when_ended_(page_.next);
      return false;
    }
    query_.after = std::move(page_.next);
    query_.offset = 0;
    query_.limit = static_cast<uint32_t>(std::min<uint64_t>(query_.limit, left_));
    MEDARC_ASSIGN(page_, view_->query(query_));
    next_ = 0;
    return true;
  }

  const ResultForm form_;
  const std::shared_ptr<index::View> view_;
  index::Query query_;
  index::Page page_;
  size_t next_ = 0;
  uint64_t left_;
  bool first_ = true;
  const std::function<void(Bytes)> when_ended_;
};

}  // namespace

Status append_result(const ResultForm& form, index::View& view, const index::Match& match,
                     std::string& out) {
  MEDARC_ASSIGN(dicom::Candidate found, dicom::Candidate::of(view, match, form.extras));
  Attributes result;
  std::string url;
  result.add(0x00080005, "CS", {"ISO_IR 192"});
  result.add(0x00080056, "CS", {"ONLINE"});
  const bool of_study = form.kind == Kind::study, of_series = form.kind == Kind::series;
  if (found.instance) {
    const index::InstanceRow& row = *found.instance;
    url = instance_url(form.base_url, row.study, row.series, row.uid);
    result.add(0x00080016, "UI", {row.sop_class.value});
    result.add(0x00080018, "UI", {row.uid.value});
    result.add(0x0020000D, "UI", {row.study.value});
    result.add(0x0020000E, "UI", {row.series.value});
    if (form.include_all) result.add(0x00083002, "UI", {row.transfer_syntax.value});
    add_level(kInstance, row.attributes, form, result);
  }
  if (found.series && (of_series || form.series_attributes)) {
    if (of_series) {
      url = series_url(form.base_url, found.series->study, found.series->uid);
      result.add(0x0020000D, "UI", {found.series->study.value});
      result.add(0x0020000E, "UI", {found.series->uid.value});
    }
    add_level(kSeries, found.series->attributes, form, result);
  }
  if (found.study && (of_study || form.study_attributes)) {
    if (of_study) {
      url = study_url(form.base_url, found.study->uid);
      result.add(0x0020000D, "UI", {found.study->uid.value});
    }
    add_level(kStudy, found.study->attributes, form, result);
  }
  for (const Field& field : form.include) {
    if (result.has(field.tag)) continue;
    MEDARC_ASSIGN(const auto element, found.element(field.tag, field.creator, field.level));
    if (!element) continue;
    result.add(*element);
    if (!field.creator.empty()) {
      result.add(dicom::is_private_creator(field.tag) ? field.tag.value
                                                      : dicom::creator_tag(field.tag).value,
                 "LO", {field.creator});
    }
  }
  for (Attribute& a : result.all()) {
    if (!dicom::is(a.vr, "SQ") || !a.values.empty()) continue;  // too long for a row
    MEDARC_ASSIGN(auto whole, found.element(a.tag, {}));
    if (whole) a = std::move(*whole);
  }
  result.add(0x00081190, "UR", {url});
  std::string text;
  result.write(text);
  if (found.instance)
    put_base(series_url(form.base_url, found.instance->study, found.instance->series), text);
  out += text;
  return {};
}

std::unique_ptr<ByteSource> result_stream(ResultForm form, std::shared_ptr<index::View> view,
                                          index::Query query, index::Page first, uint64_t limit,
                                          std::function<void(Bytes)> ended) {
  return std::make_unique<ResultStream>(std::move(form), std::move(view), std::move(query),
                                        std::move(first), limit, std::move(ended));
}

}  // namespace medarc::web
