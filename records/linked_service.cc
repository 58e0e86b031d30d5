#include "records/linked_service.h"

#include <algorithm>

#include "records/identity.h"
#include "security/policy.h"

namespace medarc::records {
namespace {

using index::Kind;
using index::TermOp;
using security::Action;
using security::Domain;

constexpr index::Tag kAccession{0x00080050}, kStudyId{0x00200010};
constexpr std::string_view kUidSystem = "urn:dicom:uid", kOid = "urn:oid:";
constexpr uint32_t kScanPage = 1000;

std::string uid_of(const TokenTerm& token) {
  const std::string_view code = token.code;
  if (code.starts_with(kOid)) return std::string(code.substr(kOid.size()));
  return token.system == kUidSystem ? token.code : std::string();
}

bool identified(const LinkedQuery& query, const index::StudyRow& row) {
  return std::all_of(query.identifiers.begin(), query.identifiers.end(), [&](const auto& any) {
    return std::any_of(any.begin(), any.end(), [&](const TokenTerm& token) {
      if (const std::string uid = uid_of(token); !uid.empty()) {
        return row.uid.value == uid && (!token.system || *token.system == kUidSystem);
      }
      if (token.system && *token.system == kUidSystem) return token.code.empty();
      if (token.system && !token.system->empty()) return false;
      return row.attributes.first(kAccession) == token.code ||
             row.attributes.first(kStudyId) == token.code;
    });
  });
}

bool wanted(const LinkedQuery& query, const std::string& id, const index::PatientKey& patient) {
  auto all_of_any = [](const auto& groups, const auto& value) {
    return std::all_of(groups.begin(), groups.end(), [&](const auto& any) {
      return std::find(any.begin(), any.end(), value) != any.end();
    });
  };
  return all_of_any(query.ids, id) && all_of_any(query.patients, patient);
}

index::Query base_query(const LinkedQuery& query, const RecordsOptions& options) {
  index::Query out;
  out.kind = query.of == LinkedQuery::Of::studies ? Kind::study : Kind::file;
  out.order = index::Order::by_id;
  out.limit = kScanPage;
  out.rows_examined_max = options.rows_examined_max;
  for (const auto& any : query.patients) {
    index::Term term{index::kFieldPatientKey, TermOp::equal, {}};
    for (const auto& key : any) term.values.push_back(key.value);
    out.all_of_any.push_back({std::move(term)});
  }
  return out;
}

// Every row of `query` that `matches`, in the order of ids: `take` for those of the page.
template <class Row>
struct Pages {
  const LinkedQuery& query;
  uint64_t total = 0;
  Bytes next, last;
  std::vector<Row> rows;

  void take(Row row, const std::string& id) {
    ++total;
    if (!query.after.empty() && id <= query.after) return;
    if (rows.size() < query.count) {
      rows.push_back(std::move(row));
      last = id;
    } else if (query.count > 0) {
      next = last;
    }
  }
};

template <class Row, class Decode, class Visit>
Status for_each(index::View& view, index::Query query, Decode decode, Visit visit) {
  uint64_t examined = 0;
  do {
    MEDARC_ASSIGN(index::Page page, view.query(query));
    examined += page.matches.size();
    if (examined > query.rows_examined_max) {
      return make_error(Code::too_large, "the search is too costly: add a narrower parameter");
    }
    for (const index::Match& match : page.matches) {
      MEDARC_ASSIGN(Row row, decode(match.row.value));
      visit(std::move(row));
    }
    query.after = std::move(page.next);
  } while (!query.after.empty());
  return {};
}

std::vector<std::string> sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

LinkedService::LinkedService(index::Index& index, security::Guard& guard,
                             const RecordsOptions& options)
    : index_(index), guard_(guard), options_(options) {}

Result<StudyWithSeries> LinkedService::with_series(index::View& view, index::StudyRow row) {
  StudyWithSeries out;
  index::Query below;
  below.kind = Kind::series;
  below.study = row.uid;
  below.order = index::Order::by_id;
  below.limit = kScanPage;
  below.rows_examined_max = options_.rows_examined_max;
  out.study = std::move(row);
  MEDARC_TRY(
      (for_each<index::SeriesRow>(view, below, index::decode_series, [&](index::SeriesRow s) {
        out.series.push_back(std::move(s));
      })));
  return out;
}

Result<StudyWithSeries> LinkedService::study(const security::Principal& who,
                                             const std::string& id) {
  MEDARC_TRY(guard_.admit(who, Action::read, {Domain::images, "study/" + id, "ImagingStudy"}));
  const auto view = index_.view();
  MEDARC_ASSIGN(std::optional<index::StudyRow> row, view->study(index::StudyUid(id)));
  if (!row) return make_error(Code::not_found, "no such study");
  return with_series(*view, std::move(*row));
}

Result<StudyPage> LinkedService::studies(const security::Principal& who, const LinkedQuery& query,
                                         const std::string& keys) {
  MEDARC_TRY(guard_.admit(who, Action::find, {Domain::images, "studies", keys}));
  const auto view = index_.view();
  Pages<index::StudyRow> pages{query};
  auto consider = [&](index::StudyRow row) {
    const std::string id = row.uid.value;
    if (wanted(query, id, row.patient) && identified(query, row)) pages.take(std::move(row), id);
  };
  // By UID at once; otherwise through the index, by patient and by accession number or study id.
  std::vector<std::string> uids;
  if (!query.ids.empty()) uids = query.ids.front();
  const bool by_uid = query.ids.empty() && !query.identifiers.empty() &&
                      std::all_of(query.identifiers[0].begin(), query.identifiers[0].end(),
                                  [](const TokenTerm& t) { return !uid_of(t).empty(); });
  if (by_uid) {
    for (const TokenTerm& token : query.identifiers[0]) uids.push_back(uid_of(token));
  }
  if (!uids.empty()) {
    for (const std::string& uid : sorted(std::move(uids))) {
      MEDARC_ASSIGN(std::optional<index::StudyRow> row, view->study(index::StudyUid(uid)));
      if (row) consider(std::move(*row));
    }
  } else {
    index::Query narrowed = base_query(query, options_);
    for (const auto& any : query.identifiers) {
      std::vector<index::Term> group;
      for (const TokenTerm& token : any) {
        if (token.code.empty() || !uid_of(token).empty()) {
          group.clear();  // the index has no term for one of them: all are compared on the row
          break;
        }
        group.push_back({kAccession, TermOp::equal, {token.code}});
        group.push_back({kStudyId, TermOp::equal, {token.code}});
      }
      if (!group.empty()) narrowed.all_of_any.push_back(std::move(group));
    }
    MEDARC_TRY((for_each<index::StudyRow>(*view, narrowed, index::decode_study, consider)));
  }
  StudyPage out;
  out.total = pages.total;
  out.next = std::move(pages.next);
  for (index::StudyRow& row : pages.rows) {
    MEDARC_ASSIGN(StudyWithSeries one, with_series(*view, std::move(row)));
    out.studies.push_back(std::move(one));
  }
  return out;
}

Result<index::FileRow> LinkedService::file(const security::Principal& who, const std::string& id) {
  MEDARC_TRY(guard_.admit(who, Action::read, {Domain::genomes, "file/" + id, "DocumentReference"}));
  MEDARC_ASSIGN(std::optional<index::FileRow> row, index_.view()->file(file_of_resource(id)));
  if (!row) return make_error(Code::not_found, "no such file");
  return std::move(*row);
}

Result<FilePage> LinkedService::files(const security::Principal& who, const LinkedQuery& query,
                                      const std::string& keys) {
  MEDARC_TRY(guard_.admit(who, Action::find, {Domain::genomes, "files", keys}));
  const auto view = index_.view();
  Pages<index::FileRow> pages{query};
  auto consider = [&](index::FileRow row) {
    const std::string id = row.id.value;
    if (wanted(query, resource_id_of(row.id), row.patient)) pages.take(std::move(row), id);
  };
  if (!query.ids.empty()) {
    std::vector<std::string> files;
    for (const std::string& id : query.ids.front()) files.push_back(file_of_resource(id).value);
    for (const std::string& id : sorted(std::move(files))) {
      MEDARC_ASSIGN(std::optional<index::FileRow> row, view->file(index::FileId(id)));
      if (row) consider(std::move(*row));
    }
  } else {
    MEDARC_TRY((for_each<index::FileRow>(*view, base_query(query, options_), index::decode_file,
                                         consider)));
  }
  return FilePage{std::move(pages.rows), pages.total, std::move(pages.next)};
}

Result<Compartment> LinkedService::everything(const security::Principal& who,
                                              const index::PatientKey& key) {
  MEDARC_TRY(
      guard_.admit(who, Action::read, {Domain::records, "patient/" + key.value, "everything"}));
  const auto view = index_.view();
  MEDARC_ASSIGN(std::optional<index::PatientRow> row, view->patient(key));
  if (!row) return make_error(Code::not_found, "no such patient");
  if (row->removed) return make_error(Code::gone, "this patient has been removed");
  Compartment out;
  out.patient = std::move(*row);
  size_t resources = 1;
  auto room = [&]() -> Status {
    if (resources <= options_.everything_max) return {};
    return make_error(Code::too_large, "more than " + std::to_string(options_.everything_max) +
                                           " resources: search for them in pages");
  };
  LinkedQuery mine;
  mine.patients = {{key}};
  if (security::allowed(who.roles, Domain::images, Action::read)) {
    std::vector<index::StudyRow> studies;
    MEDARC_TRY((for_each<index::StudyRow>(
        *view, base_query(mine, options_), index::decode_study,
        [&](index::StudyRow study) { studies.push_back(std::move(study)); })));
    resources += studies.size();
    MEDARC_TRY(room());
    for (index::StudyRow& study : studies) {
      MEDARC_ASSIGN(StudyWithSeries one, with_series(*view, std::move(study)));
      out.studies.push_back(std::move(one));
    }
  }
  if (security::allowed(who.roles, Domain::genomes, Action::read)) {
    mine.of = LinkedQuery::Of::files;
    MEDARC_TRY((for_each<index::FileRow>(
        *view, base_query(mine, options_), index::decode_file,
        [&](index::FileRow file) { out.files.push_back(std::move(file)); })));
    resources += out.files.size();
    MEDARC_TRY(room());
  }
  return out;
}

}  // namespace medarc::records
