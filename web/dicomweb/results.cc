#include "web/dicomweb/results.h"

#include <algorithm>

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

 private:
  std::vector<Attribute> kept_;
};

template <size_t N>
void add_level(const Given (&given)[N], const AttributeSet& row, const ResultForm& form,
               Attributes& out) {
  if (form.include_all) {
    for (const Attribute& a : row.all()) out.add(a);
  }
  for (const Given& g : given) {
    if (const Attribute* a = row.find(Tag{g.tag})) {
      out.add(*a);
    } else if (g.required) {
      out.add(g.tag, g.vr, {});
    }
  }
  for (const Tag tag : form.include) {
    if (const Attribute* a = row.find(tag)) out.add(*a);
  }
}

// Rows of the levels above that were asked for by name only.
void add_included(const AttributeSet& row, const ResultForm& form, Attributes& out) {
  for (const Tag tag : form.include) {
    if (const Attribute* a = row.find(tag)) out.add(*a);
  }
}

class ResultStream : public ByteSource {
 public:
  ResultStream(ResultForm form, std::shared_ptr<index::View> view, index::Query query,
               index::Page first, uint64_t limit)
      : form_(std::move(form)),
        view_(std::move(view)),
        query_(std::move(query)),
        page_(std::move(first)),
        left_(limit) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (text_.size() - at_ < capacity && !ended_) MEDARC_TRY(more());
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    if (at_ == text_.size()) {
      text_.clear();
      at_ = 0;
    }
    return n;
  }

 private:
  Status more() {
    if (next_ < page_.matches.size() && left_ > 0) {
      text_ += first_ ? "[" : ",";
      first_ = false;
      --left_;
      return append_result(form_, page_.matches[next_++], text_);
    }
    if (left_ == 0 || page_.next.empty()) {
      text_ += first_ ? "[]" : "]";
      ended_ = true;
      return {};
    }
    query_.after = std::move(page_.next);
    query_.offset = 0;
    query_.limit = static_cast<uint32_t>(std::min<uint64_t>(query_.limit, left_));
    MEDARC_ASSIGN(page_, view_->query(query_));
    next_ = 0;
    return {};
  }

  const ResultForm form_;
  const std::shared_ptr<index::View> view_;
  index::Query query_;
  index::Page page_;
  size_t next_ = 0;
  uint64_t left_;
  std::string text_;
  size_t at_ = 0;
  bool first_ = true, ended_ = false;
};

}  // namespace

Status append_result(const ResultForm& form, const index::Match& match, std::string& out) {
  Attributes result;
  std::optional<index::StudyRow> study = match.study;
  std::optional<index::SeriesRow> series = match.series;
  std::string url;
  result.add(0x00080005, "CS", {"ISO_IR 192"});
  result.add(0x00080056, "CS", {"ONLINE"});
  if (form.kind == Kind::study) {
    MEDARC_ASSIGN(study, index::decode_study(match.row.value));
    url = study_url(form.base_url, study->uid);
    result.add(0x0020000D, "UI", {study->uid.value});
    add_level(kStudy, study->attributes, form, result);
  } else if (form.kind == Kind::series) {
    MEDARC_ASSIGN(series, index::decode_series(match.row.value));
    url = series_url(form.base_url, series->study, series->uid);
    result.add(0x0020000D, "UI", {series->study.value});
    result.add(0x0020000E, "UI", {series->uid.value});
    add_level(kSeries, series->attributes, form, result);
  } else {
    MEDARC_ASSIGN(const index::InstanceRow instance, index::decode_instance(match.row.value));
    url = instance_url(form.base_url, instance.study, instance.series, instance.uid);
    result.add(0x00080016, "UI", {instance.sop_class.value});
    result.add(0x00080018, "UI", {instance.uid.value});
    result.add(0x0020000D, "UI", {instance.study.value});
    result.add(0x0020000E, "UI", {instance.series.value});
    const bool syntax_wanted =
        form.include_all ||
        std::find(form.include.begin(), form.include.end(), Tag{0x00083002}) != form.include.end();
    if (syntax_wanted) result.add(0x00083002, "UI", {instance.transfer_syntax.value});
    add_level(kInstance, instance.attributes, form, result);
    if (series) {
      if (form.series_attributes) add_level(kSeries, series->attributes, form, result);
      if (!form.series_attributes) add_included(series->attributes, form, result);
    }
  }
  if (form.kind != Kind::study && study) {
    if (form.study_attributes) add_level(kStudy, study->attributes, form, result);
    if (!form.study_attributes) add_included(study->attributes, form, result);
  }
  result.add(0x00081190, "UR", {url});
  result.write(out);
  return {};
}

std::unique_ptr<ByteSource> result_stream(ResultForm form, std::shared_ptr<index::View> view,
                                          index::Query query, index::Page first, uint64_t limit) {
  return std::make_unique<ResultStream>(std::move(form), std::move(view), std::move(query),
                                        std::move(first), limit);
}

}  // namespace medarc::web
