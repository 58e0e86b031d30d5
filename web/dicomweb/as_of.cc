#include "web/dicomweb/as_of.h"

#include <algorithm>

#include "dicom/instant.h"
#include "dicom/matching.h"

namespace medarc::web {
namespace {

using index::Kind;

constexpr uint32_t kPageRows = 1000;
constexpr index::Tag kStudyUid{0x0020000D}, kSeriesUid{0x0020000E};

Error changed_since(const char* what) {
  return make_error(Code::conflict, std::string(what) +
                                        " changed since then, and searches are answered from what "
                                        "it is now; retrieve its metadata with asOf instead");
}

std::optional<dicom::SeriesUid> series_of(const Request& request) {
  if (request.captures.size() < 2) return std::nullopt;
  return dicom::SeriesUid(request.captures[1]);
}

// The rows of a study or series that were there at a moment, if they were as they are.
class Then {
 public:
  Then(index::View& view, Timestamp at, uint64_t ids_max)
      : view_(view), at_(at), ids_max_(ids_max) {}

  // conflict: one was there, and has changed.
  Status read(index::Query query) {
    query.all_of_any.clear();
    query.among = nullptr;
    query.after.clear();
    query.offset = 0;
    query.limit = kPageRows;
    query.order = index::Order::by_id;
    do {
      MEDARC_ASSIGN(index::Page page, view_.query(query));
      for (const index::Match& match : page.matches) {
        MEDARC_ASSIGN(const bool there, was_there(query.kind, match.row.value));
        if (!there) continue;
        if (ids_.size() == ids_max_) {
          return make_error(Code::too_large, "too many rows to tell which were there then");
        }
        ids_.push_back(match.row.id);
      }
      query.after = std::move(page.next);
    } while (!query.after.empty());
    std::sort(ids_.begin(), ids_.end());
    return {};
  }

  std::vector<Bytes> take() { return std::move(ids_); }

 private:
  Result<bool> was_there(Kind kind, ByteView value) {
    if (kind == Kind::series) {
      MEDARC_ASSIGN(const index::SeriesRow row, index::decode_series(value));
      if (row.changed > at_ && row.received <= at_) return changed_since("a series");
      return row.received <= at_;
    }
    MEDARC_ASSIGN(const index::InstanceRow row, index::decode_instance(value));
    if (row.received <= at_) return true;
    MEDARC_ASSIGN(const auto earlier, dicom::version_at(view_, row, at_));
    if (earlier) return changed_since("an instance");
    return false;
  }

  index::View& view_;
  const Timestamp at_;
  const uint64_t ids_max_;
  std::vector<Bytes> ids_;
};

// Whether only attributes of the rows themselves are looked at.
bool asks_of(Kind kind, const dicom::Question& question, const std::vector<Field>& include) {
  const auto own = [&](dicom::Level level) {
    return kind == Kind::series ? level == dicom::Level::series
                                : level == dicom::Level::instance || level == dicom::Level::none;
  };
  auto groups = question.query.all_of_any;
  if (question.zoned) {
    groups.insert(groups.end(), question.zoned->all_of_any.begin(),
                  question.zoned->all_of_any.end());
  }
  for (const auto& group : groups) {
    for (const index::Term& term : group) {
      const bool names = term.field == kStudyUid || term.field == kSeriesUid;  // for ever the same
      if (!names && !own(dicom::matching_level(term.field))) return false;
    }
  }
  return std::all_of(question.compared.begin(), question.compared.end(),
                     [&](const dicom::Condition& c) { return own(c.level); }) &&
         std::all_of(include.begin(), include.end(), [&](const Field& field) {
           return field.tag == kStudyUid || field.tag == kSeriesUid || own(field.level);
         });
}

}  // namespace

Result<std::optional<Timestamp>> as_of(const Request& request) {
  const std::string_view text = request.query_value(kAsOf);
  const bool named = std::any_of(request.query.begin(), request.query.end(),
                                 [](const auto& q) { return q.first == kAsOf; });
  if (!named) return std::optional<Timestamp>();
  const auto at = dicom::parse_instant(text);
  if (!at) {
    return make_error(Code::invalid_argument,
                      "asOf is no moment: 2026-01-31T08:15:30Z or 20260131081530 are");
  }
  if (*at > now()) return make_error(Code::invalid_argument, "asOf is yet to come");
  if (!request.query_value("version").empty()) {
    return make_error(Code::invalid_argument, "asOf and version exclude each other");
  }
  return at;
}

Status refuse_as_of(const Request& request) {
  MEDARC_ASSIGN(const auto at, as_of(request));
  if (!at) return {};
  return make_error(Code::invalid_argument, "asOf is not offered here");
}

Result<std::optional<Timestamp>> as_of_many(index::View& view, const Request& request) {
  MEDARC_ASSIGN(const auto at, as_of(request));
  if (at) {
    MEDARC_TRY(dicom::check_kept_since(view, dicom::StudyUid(request.captures[0]),
                                       series_of(request), *at));
  }
  return at;
}

Error missing_then(index::View& view, const Request& request, Timestamp at) {
  auto last = view.tombstone(dicom::StudyUid(request.captures[0]), series_of(request), {});
  if (last.has_error()) return std::move(last).error();
  if (*last && (*last)->removed <= at) return make_error(Code::gone, "it had been removed by then");
  return make_error(Code::not_found, "nothing of it was stored by then");
}

Result<bool> ask_then(index::View& view, const Request& request, Timestamp at, uint64_t ids_max,
                      const std::vector<Field>& include, dicom::Question& question) {
  if (request.captures.empty()) {
    return make_error(Code::invalid_argument,
                      "searches as of a moment are answered below one study: name it in the path");
  }
  const dicom::StudyUid study(request.captures[0]);
  MEDARC_TRY(dicom::check_kept_since(view, study, series_of(request), at));
  MEDARC_ASSIGN(const auto row, view.study(study));
  if (!row || row->received > at) return false;
  if (row->changed <= at) return true;  // nothing came or went since
  const Kind kind = question.query.kind;
  if (!asks_of(kind, question, include)) return changed_since("the study");
  if (kind == Kind::instance && !question.query.series) {
    // Results carry what their series is.
    index::Query all = question.query;
    all.kind = Kind::series;
    MEDARC_TRY(Then(view, at, ids_max).read(std::move(all)));
  }
  Then then(view, at, ids_max);
  MEDARC_TRY(then.read(question.query));
  question.query.among = std::make_shared<const std::vector<Bytes>>(then.take());
  return !question.query.among->empty();
}

}  // namespace medarc::web
