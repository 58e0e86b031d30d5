#include "records/patient_service.h"

#include <sys/random.h>

#include <algorithm>

namespace medarc::records {
namespace {

constexpr int kAttempts = 100;  // each lost only to somebody else's success
constexpr security::Domain kDomain = security::Domain::records;

security::Object object_of(const index::PatientKey& key, std::string detail = {}) {
  return {kDomain, "patient/" + key.value, std::move(detail)};
}

// A random UUID (RFC 9562, version 4).
Result<index::PatientKey> new_key() {
  Bytes bytes(16, '\0');
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return make_error(Code::io, "no random bytes");
  }
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string hex = to_hex(bytes);
  for (size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return index::PatientKey(hex);
}

// Identifiers that `row` has and the resource does not name come into it: who meets a patient by
// one identifier does not take the others away.
void keep_identifiers(PatientResource& resource, const index::PatientRow& row,
                      const Issuers& issuers) {
  const std::vector<index::Identifier> named = identifiers_of(resource.json, issuers);
  for (const index::Identifier& i : row.identifiers) {
    if (std::find(named.begin(), named.end(), i) != named.end()) continue;
    Json one = Json::object();
    if (std::string system = issuers.system_of(i.issuer); !system.empty()) {
      one.set("system", Json::string(system));
    }
    one.set("value", Json::string(i.id));
    const Json* list = resource.json.find("identifier");
    Json longer = list != nullptr ? *list : Json::array();
    longer.add(std::move(one));
    resource.json.set("identifier", std::move(longer));
  }
}

Error taken(std::string_view by) {
  return make_error(Code::conflict, "an identifier belongs to Patient/" + std::string(by));
}

}  // namespace

PatientService::PatientService(index::Index& index, security::Guard& guard, const Issuers& issuers,
                               const RecordsOptions& options)
    : index_(index), guard_(guard), issuers_(issuers), options_(options) {}

Result<PatientService::Put> PatientService::put(const security::Principal& who,
                                                index::PatientRow row, uint64_t expect_version,
                                                std::string detail) {
  Put out{{}, row};
  index::Facts facts;
  facts.time = now();
  facts.ops.push_back(index::PutPatient{std::move(row), expect_version});
  facts.ops.push_back(
      guard_.audit_op(who, security::Action::store, object_of(out.row.key, std::move(detail))));
  const Timestamp time = facts.time;
  MEDARC_ASSIGN(index::CommitResult done, index_.commit({}, std::move(facts)));
  if (done.outcomes.empty()) return make_error(Code::internal, "a commit without outcomes");
  out.outcome = done.outcomes.front();
  out.row.version = out.outcome.version;
  out.row.changed = time;
  return out;
}

Result<std::optional<index::PatientRow>> PatientService::owner_of(index::View& view,
                                                                  const PatientResource& resource) {
  std::optional<index::PatientRow> owner;
  for (const index::Identifier& i : identifiers_of(resource.json, issuers_)) {
    MEDARC_ASSIGN(std::optional<index::PatientRow> row, view.patient(i));
    if (!row) continue;
    if (owner && owner->key != row->key) {
      return make_error(Code::conflict, "the identifiers belong to Patient/" + owner->key.value +
                                            " and to Patient/" + row->key.value);
    }
    owner = std::move(row);
  }
  return owner;
}

Result<PatientWritten> PatientService::create(const security::Principal& who,
                                              PatientResource resource,
                                              const std::optional<PatientQuery>& if_none_exist) {
  using What = PatientWritten::What;
  MEDARC_TRY(guard_.authorise(who, security::Action::store, {kDomain, "patients", "create"}));
  std::unique_lock<std::mutex> one_at_a_time;
  if (if_none_exist) {
    // Equal conditions meet here; identifiers are also unique in the index, whoever writes.
    size_t stripe = 0;
    for (const auto& any : if_none_exist->identifiers) {
      for (const TokenTerm& t : any) stripe ^= std::hash<std::string>{}(t.code);
    }
    one_at_a_time = std::unique_lock(conditional_[stripe % conditional_.size()]);
    PatientQuery query = *if_none_exist;
    query.count = 1;
    MEDARC_ASSIGN(PatientPage page, search_patients(*index_.view(), query, issuers_, options_));
    if (page.total > 1) {
      return make_error(Code::precondition_failed, "several patients match If-None-Exist");
    }
    if (page.total == 1) {
      MEDARC_TRY(guard_.admit(who, security::Action::store,
                              object_of(page.rows[0].key, "create: matched")));
      return PatientWritten{What::unchanged, std::move(page.rows[0])};
    }
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MEDARC_ASSIGN(std::optional<index::PatientRow> owner, owner_of(*index_.view(), resource));
    if (owner && !owner->resource.empty()) {
      PatientResource same = resource;
      keep_identifiers(same, *owner, issuers_);
      if (to_text(same.json) != owner->resource) return taken(owner->key.value);
      MEDARC_TRY(
          guard_.admit(who, security::Action::store, object_of(owner->key, "create: unchanged")));
      return PatientWritten{What::unchanged, std::move(*owner)};
    }
    PatientResource full = resource;
    index::PatientKey key;
    if (owner) {
      key = owner->key;
      keep_identifiers(full, *owner, issuers_);
    } else {
      MEDARC_ASSIGN(key, new_key());
    }
    MEDARC_ASSIGN(Put done, put(who, row_of(full, key, owner, issuers_), owner ? owner->version : 0,
                                "create"));
    if (done.outcome.state == index::State::done) {
      return PatientWritten{What::created, std::move(done.row)};
    }
    // Someone was faster with one of the identifiers: look again at who has it now.
  }
  return make_error(Code::unavailable, "the patient is being written by too many others");
}

Result<PatientWritten> PatientService::update(const security::Principal& who,
                                              const index::PatientKey& key,
                                              PatientResource resource,
                                              std::optional<uint64_t> if_match) {
  using What = PatientWritten::What;
  MEDARC_TRY(guard_.authorise(who, security::Action::store, object_of(key, "update")));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MEDARC_ASSIGN(std::optional<index::PatientRow> before, index_.view()->patient(key));
    const bool there = before && !before->removed;
    const bool as_expected =
        !if_match || (*if_match == 0 ? !there : there && before->version == *if_match);
    if (!as_expected) {
      return make_error(Code::precondition_failed, "the patient has another version now");
    }
    const uint64_t expect = before ? before->version : 0;
    MEDARC_ASSIGN(Put done, put(who, row_of(resource, key, before, issuers_), expect, "update"));
    switch (done.outcome.state) {
      case index::State::done:
        return PatientWritten{there ? What::updated : What::created, std::move(done.row)};
      case index::State::duplicate: return PatientWritten{What::unchanged, std::move(*before)};
      case index::State::conflict: return taken(done.outcome.patient.value);
      default: break;  // another version came between: with if_match the next look will say so
    }
  }
  return make_error(Code::unavailable, "the patient is being written by too many others");
}

Result<index::PatientRow> PatientService::read(const security::Principal& who,
                                               const index::PatientKey& key) {
  MEDARC_TRY(guard_.admit(who, security::Action::read, object_of(key)));
  MEDARC_ASSIGN(std::optional<index::PatientRow> row, index_.view()->patient(key));
  if (!row) return make_error(Code::not_found, "no such patient");
  if (row->removed) return make_error(Code::gone, "this patient has been removed");
  return std::move(*row);
}

Result<PatientPage> PatientService::search(const security::Principal& who,
                                           const PatientQuery& query, const std::string& keys) {
  MEDARC_TRY(guard_.admit(who, security::Action::find, {kDomain, "patients", keys}));
  return search_patients(*index_.view(), query, issuers_, options_);
}

}  // namespace medarc::records
