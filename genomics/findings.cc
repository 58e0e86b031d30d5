#include "genomics/findings.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "security/policy.h"

namespace medarc::genomics {
namespace {

using index::FileRow;

constexpr std::string_view kPlain = "plain:";
constexpr index::Tag kPatientIdTag{0x00100020}, kSexTag{0x00100040};
constexpr size_t kSamplesMax = 20;    // of a file with many: these are looked at
constexpr uint32_t kPatientsMax = 4;  // that a sample name may mean

bool may_see(const security::Principal& who, security::Domain domain) {
  return security::allowed(who.roles, domain, security::Action::read);
}

Result<std::vector<FileRow>> files_with(index::View& view, index::Tag field, std::string value) {
  index::Query q;
  q.kind = index::Kind::file;
  q.limit = Findings::kFilesMax + 1;  // itself among them
  q.all_of_any.push_back({{field, index::TermOp::equal, {std::move(value)}}});
  MEDARC_ASSIGN(const index::Page page, view.query(q));
  std::vector<FileRow> out;
  for (const index::Match& m : page.matches) {
    MEDARC_ASSIGN(FileRow row, index::decode_file(m.row.value));
    out.push_back(std::move(row));
  }
  return out;
}

// Files that share an identity of this kind.
Result<std::vector<std::string>> sharing(index::View& view, const FileRow& file,
                                         std::string_view kind) {
  std::set<std::string> ids;
  for (const std::string& identity : file.identities) {
    if (!identity.starts_with(kind)) continue;
    MEDARC_ASSIGN(const auto files, files_with(view, index::kFieldIdentity, identity));
    for (const FileRow& other : files) {
      if (other.id != file.id) ids.insert(other.id.value);
    }
  }
  std::vector<std::string> out(ids.begin(), ids.end());
  if (out.size() > Findings::kFilesMax) out.resize(Findings::kFilesMax);
  return out;
}

// "male" or "female" by the file's own depth; "" when it does not say.
std::string sex_by_depth(const FileRow& file) {
  boost::system::error_code failed;
  const auto parsed =
      boost::json::parse({file.statistics_json.data(), file.statistics_json.size()}, failed);
  if (failed || !parsed.is_object()) return {};
  const auto* sex = parsed.as_object().if_contains("sex");
  if (sex == nullptr || !sex->is_object()) return {};
  const auto* estimate = sex->as_object().if_contains("estimate");
  return estimate != nullptr && estimate->is_string() ? std::string(estimate->as_string())
                                                      : std::string();
}

void look_at_sex(const FileRow& file, const index::PatientRow& patient, Findings& out) {
  const std::string recorded(patient.attributes.first(kSexTag));
  if (recorded != "M" && recorded != "F") return;
  const std::string found = sex_by_depth(file);
  if (found != (recorded == "M" ? "female" : "male")) return;
  out.alerts.push_back(
      {"sex-mismatch",
       "The depth of X and Y does not agree with the sex in the linked patient's record."});
}

Status look_at_sample(index::View& view, const security::Principal& who, const FileRow& file,
                      const std::string& sample, Findings& out) {
  index::Query q;
  q.kind = index::Kind::patient;
  q.limit = kPatientsMax;
  q.all_of_any.push_back({{kPatientIdTag, index::TermOp::equal, {sample}}});
  MEDARC_ASSIGN(const index::Page named, view.query(q));
  const bool own =
      std::any_of(named.matches.begin(), named.matches.end(),
                  [&](const index::Match& m) { return m.row.id == file.patient.value; });
  if (own) return {};
  if (!named.matches.empty()) {
    std::string text = "A sample name of the file is an identifier of another patient";
    if (may_see(who, security::Domain::records))
      text += ": Patient/" + named.matches.front().row.id;
    out.alerts.push_back({"sample-names-another-patient", text + "."});
  }
  MEDARC_ASSIGN(const auto files, files_with(view, index::kFieldSample, sample));
  const auto other = std::find_if(files.begin(), files.end(), [&](const FileRow& f) {
    return f.id != file.id && !f.patient.value.empty() && f.patient != file.patient;
  });
  if (other == files.end()) return {};
  std::string text = "A file that is linked to another patient names the same sample";
  if (may_see(who, security::Domain::genomes)) text += ": " + other->id.value;
  out.alerts.push_back({"sample-of-another-patient", text + "."});
  return {};
}

}  // namespace

std::string plain_identity(const Digest& plain) { return std::string(kPlain) + plain.hex(); }

std::string_view plain_sha256_hex(const FileRow& file) {
  for (const std::string& identity : file.identities) {
    if (identity.starts_with(kPlain)) return std::string_view(identity).substr(kPlain.size());
  }
  return {};
}

Result<Findings> findings_of(index::View& view, const security::Principal& who,
                             const FileRow& file) {
  Findings out;
  if (!file.patient.value.empty()) {
    MEDARC_ASSIGN(const auto patient, view.patient(file.patient));
    if (patient && !patient->removed) look_at_sex(file, *patient, out);
    for (size_t i = 0; i < std::min(file.samples.size(), kSamplesMax); ++i) {
      MEDARC_TRY(look_at_sample(view, who, file, file.samples[i], out));
    }
  }
  if (!may_see(who, security::Domain::genomes)) return out;
  MEDARC_ASSIGN(out.same_reads, sharing(view, file, "reads:"));
  MEDARC_ASSIGN(out.same_read_set, sharing(view, file, "readset:"));
  MEDARC_ASSIGN(out.same_content, sharing(view, file, kPlain));
  MEDARC_ASSIGN(out.same_mates, sharing(view, file, "mates:"));
  return out;
}

}  // namespace medarc::genomics
