// Searching work items (PS3.18 11.9): QIDO's parameters over the keys of C-FIND.
#include <algorithm>

#include "base/piecewise_source.h"
#include "dicom/dictionary.h"
#include "dicom/worklist/keys.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"
#include "web/dicomweb/worklist.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::DataElement;
using dicom::DataSet;
using dicom::Tag;

constexpr uint32_t kPageRows = 200;
constexpr uint64_t kCountedBeyond = 200;  // results counted past the answer, for the Warning
constexpr size_t kKeysMax = 100, kPathMax = 8;

// Return keys of types 1 and 2 (PS3.4 table CC.2.5-3).
constexpr uint32_t kReturned[] = {
    0x00080016, 0x00080018, 0x00081080, 0x00081084, 0x00100010, 0x00100020, 0x00100030,
    0x00100040, 0x00101002, 0x0020000D, 0x00380010, 0x00380014, 0x00404005, 0x00404010,
    0x00404018, 0x00404021, 0x00404025, 0x00404026, 0x00404027, 0x00404034, 0x00404041,
    0x0040A370, 0x00741000, 0x00741002, 0x00741200, 0x00741202, 0x00741204, 0x00741210};

Error bad(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

std::string named(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, 100)) {
    out += c > 0x20 && c < 0x7F && c != '"' && c != '\\' ? c : '?';
  }
  return out;
}

// "PatientName", "00404025.00080100"; nullopt: not all of it is known.
std::optional<std::vector<Tag>> parse_path(std::string_view text) {
  std::vector<Tag> out;
  for (const std::string_view one : split_list(text, '.')) {
    const auto tag = dicom::parse_tag(one);
    if (!tag || out.size() == kPathMax) return std::nullopt;
    out.push_back(*tag);
  }
  if (out.empty()) return std::nullopt;
  for (size_t i = 0; i < out.size(); ++i) {
    const bool sequence = dicom::is(dicom::vr_of(out[i]), "SQ");
    if (sequence != (i + 1 < out.size())) return std::nullopt;
  }
  return out;
}

// Puts the key at its place in the identifier; a repeated one gets one more value.
void add_key(DataSet& identifier, const std::vector<Tag>& path, size_t at, std::string value) {
  const DataElement* there = identifier.find(path[at]);
  DataElement key;
  if (there != nullptr) key = *there;
  key.tag = path[at];
  key.vr = dicom::vr_of(path[at]);
  if (at + 1 < path.size()) {
    if (key.items.empty()) key.items.emplace_back();
    add_key(key.items.front(), path, at + 1, std::move(value));
  } else if (!value.empty()) {
    key.values.push_back(std::move(value));
  }
  identifier.set(std::move(key));
}

Result<bool> parse_flag(std::string_view name, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return bad(std::string(name) + " is neither true nor false");
}

class Reader {
 public:
  Reader(const DicomwebOptions& options, bool strict) : options_(options), strict_(strict) {
    search_.limit = options.results_max;
    search_.how.comma_lists = true;
  }

  Result<WorkItemSearch> read(const std::vector<std::pair<std::string, std::string>>& parameters) {
    for (const auto& [name, value] : parameters) {
      if (name == "accept" || name == "charset") continue;
      if (name == "limit" || name == "offset") {
        MEDARC_TRY(number(name, value));
      } else if (name == "fuzzymatching") {
        MEDARC_ASSIGN(search_.how.fuzzy_names, parse_flag(name, value));
      } else if (name == "emptyvaluematching") {
        MEDARC_ASSIGN(search_.how.empty_values, parse_flag(name, value));
      } else if (name == "multiplevaluematching") {
        MEDARC_ASSIGN(search_.how.all_values, parse_flag(name, value));
      } else if (name == "includefield") {
        MEDARC_TRY(include(value));
      } else {
        MEDARC_TRY(key(name, value));
      }
    }
    return std::move(search_);
  }

 private:
  Status number(const std::string& name, const std::string& value) {
    const auto n = parse_decimal(value);
    const bool limit = name == "limit";
    if (!n || (limit && *n == 0)) return bad(name + " is no whole number that can be meant");
    if (limit) {
      search_.limited = *n <= options_.results_max;
      search_.limit = static_cast<uint32_t>(std::min<uint64_t>(*n, options_.results_max));
    } else {
      search_.offset = *n;
    }
    return {};
  }

  Status include(const std::string& value) {
    for (const std::string_view one : split_list(value, ',')) {
      if (one == "all") {
        search_.include_all = true;
        continue;
      }
      const auto tag = dicom::parse_tag(one.substr(0, one.find('.')));
      if (!tag) {
        MEDARC_TRY(unknown("includefield", one));
      } else if (search_.identifier.find(*tag) == nullptr) {
        search_.identifier.set(*tag, dicom::text_of(dicom::vr_of(*tag)), {});
      }
      if (++keys_ > kKeysMax) return bad("the query has too many keys");
    }
    return {};
  }

  Status key(const std::string& name, const std::string& value) {
    const auto path = parse_path(name);
    if (!path) return unknown("key", name);
    if (++keys_ > kKeysMax) return bad("the query has too many keys");
    add_key(search_.identifier, *path, 0, value);
    return {};
  }

  // Never silently: a dropped filter shows everybody's items.
  Status unknown(std::string_view what, std::string_view key) {
    const std::string text = std::string(what) + " " + named(key) + " is not supported";
    if (strict_) return bad(text);
    search_.warnings.push_back(text + " and was ignored");
    return {};
  }

  const DicomwebOptions& options_;
  const bool strict_;
  WorkItemSearch search_;
  size_t keys_ = 0;
};

// "[…]" of the items of a query, page by page, as the client takes them.
class Items : public PiecewiseSource {
 public:
  Items(std::shared_ptr<index::View> view, index::Query query, index::Page first, uint64_t limit,
        std::optional<DataSet> wanted)
      : view_(std::move(view)),
        query_(std::move(query)),
        page_(std::move(first)),
        left_(limit),
        wanted_(std::move(wanted)) {}

 private:
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>&) override {
    if (next_ < page_.matches.size() && left_ > 0) {
      MEDARC_ASSIGN(DataSet item, dicom::worklist::item_of(page_.matches[next_++]));
      text += first_ ? "[" : ",";
      first_ = false;
      --left_;
      text += to_json(wanted_ ? dicom::worklist::project(item, *wanted_) : item);
      return true;
    }
    if (left_ == 0 || page_.next.empty()) {
      text += first_ ? "[]" : "]";
      return false;
    }
    query_.after = std::move(page_.next);
    query_.offset = 0;
    MEDARC_ASSIGN(page_, view_->query(query_));
    next_ = 0;
    return true;
  }

  const std::shared_ptr<index::View> view_;
  index::Query query_;
  index::Page page_;
  uint64_t left_;
  const std::optional<DataSet> wanted_;  // nullopt: everything
  size_t next_ = 0;
  bool first_ = true;
};

}  // namespace

Result<WorkItemSearch> parse_work_item_search(
    const std::vector<std::pair<std::string, std::string>>& parameters,
    const DicomwebOptions& options) {
  return Reader(options, options.strict_query).read(parameters);
}

Result<DataSet> parse_work_item_filter(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  MEDARC_ASSIGN(WorkItemSearch search, Reader({}, true).read(parameters));
  return std::move(search.identifier);
}

Response search_work_items(dicom::worklist::Worklist& worklist, const DicomwebOptions& options,
                           const Request& request) {
  const auto form = model_form(request);
  if (form.has_error()) return problem(form.error());
  auto search = parse_work_item_search(request.query, options);
  if (search.has_error()) return problem(search.error());
  auto keys = dicom::worklist::read_keys(search->identifier, search->how);
  if (keys.has_error()) return problem(keys.error());
  for (const Tag tag : keys->unsupported) {
    const std::string text = "key " + dicom::tag_hex(tag) + " cannot be matched";
    if (options.strict_query) return problem(bad(text));
    search->warnings.push_back(text + " and was ignored");
  }
  index::Query query = std::move(keys->query);
  query.offset = search->offset;
  query.limit = static_cast<uint32_t>(std::min<uint64_t>(search->limit, kPageRows));
  const std::shared_ptr<index::View> view = worklist.index().view();
  auto page = worklist.find(at_door(request), *view, query);
  if (page.has_error()) return problem(page.error());

  Response response;
  const auto warn = [&](const std::string& text) {
    response.headers.add("Warning", "299 " + request.base_url + std::string(kRoot) + ": " + text);
  };
  for (const std::string& text : search->warnings) warn(text);
  if (!page->next.empty() && search->limited) {
    index::Query counted = query;
    counted.offset = 0;
    const uint64_t shown = search->offset + search->limit;
    auto count = view->count(counted, shown + kCountedBeyond);
    if (count.has_error()) return problem(count.error());
    if (count->rows > shown) {
      warn(std::string("There are ") + (count->exact ? "" : "at least ") +
           std::to_string(count->rows - shown) + " additional results that can be requested");
    }
  }
  if (page->matches.empty() && options.no_match_204) {
    response.status = 204;
    return response;
  }
  std::optional<DataSet> wanted;
  if (!search->include_all) {
    wanted.emplace();
    for (const DataElement& e : search->identifier.all()) {
      wanted->set(e.tag, dicom::text_of(e.vr), {});  // sequences whole, whatever matched in them
    }
    for (const uint32_t tag : kReturned) {
      wanted->set(Tag{tag}, dicom::text_of(dicom::vr_of(Tag{tag})), {});
    }
  }
  auto items = std::make_unique<Items>(view, std::move(query), std::move(*page), search->limit,
                                       std::move(wanted));
  if (*form == ModelForm::xml) {
    Response parts = xml_parts(std::move(items));
    for (const Header& h : response.headers.entries()) parts.headers.add(h.name, h.value);
    return parts;
  }
  response.headers.add("Content-Type", std::string(kDicomJson));
  response.headers.add("Vary", "Accept");
  if (request.method != "HEAD") response.body = std::move(items);
  return response;
}

}  // namespace medarc::web
