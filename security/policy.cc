#include "security/policy.h"

#include <array>

namespace medarc::security {
namespace {

constexpr Actions kStore = bit(Action::store), kRead = bit(Action::read), kFind = bit(Action::find),
                  kRemove = bit(Action::remove), kAdminister = bit(Action::administer);
constexpr Actions kLook = kRead | kFind;
constexpr Actions kEverything = kStore | kLook | kRemove | kAdminister;

// One row a role and domain. Consent, care relations and cohorts narrow this further when they
// come; they never widen it.
constexpr Rule kPolicy[] = {
    {Role::administrator, Domain::images, kEverything},
    {Role::administrator, Domain::genomes, kEverything},
    {Role::administrator, Domain::records, kEverything},
    {Role::administrator, Domain::audit, kLook | kAdminister},  // nobody writes or removes audit
    {Role::administrator, Domain::system, kEverything},
    {Role::administrator, Domain::worklist, kEverything},
    {Role::clinician, Domain::images, kLook},
    {Role::clinician, Domain::records, kStore | kLook},
    {Role::clinician, Domain::worklist, kLook},
    {Role::radiologist, Domain::images, kStore | kLook},  // reports and annotations are objects too
    {Role::radiologist, Domain::records, kLook},
    {Role::radiologist, Domain::worklist, kStore | kLook},
    {Role::technologist, Domain::images, kStore | kLook},
    {Role::technologist, Domain::records, kLook},
    {Role::technologist, Domain::worklist, kStore | kLook},
    {Role::bioinformatician, Domain::genomes, kStore | kLook | kRemove},
    {Role::registrar, Domain::records, kStore | kLook},
    {Role::auditor, Domain::audit, kLook},
    {Role::modality, Domain::images, kStore | kFind},
    {Role::modality, Domain::worklist, kStore | kLook},
};

constexpr size_t kRoles = 8, kDomains = 6;
constexpr auto kAllowed = [] {
  std::array<std::array<Actions, kDomains>, kRoles> table{};
  for (const Rule& rule : kPolicy) {
    table[static_cast<size_t>(rule.role)][static_cast<size_t>(rule.domain)] |= rule.actions;
  }
  return table;
}();

constexpr std::array<std::string_view, kRoles> kRoleNames = {
    "administrator",    "clinician", "radiologist", "technologist",
    "bioinformatician", "registrar", "auditor",     "modality"};

}  // namespace

std::span<const Rule> policy() { return kPolicy; }

bool allowed(const std::set<Role>& roles, Domain domain, Action action) {
  Actions may = 0;
  for (Role role : roles) may |= kAllowed[static_cast<size_t>(role)][static_cast<size_t>(domain)];
  return (may & bit(action)) != 0;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::store: return "store";
    case Action::read: return "read";
    case Action::find: return "find";
    case Action::remove: return "remove";
    case Action::administer: return "administer";
  }
  return "";
}

std::string_view to_string(Domain domain) {
  switch (domain) {
    case Domain::images: return "images";
    case Domain::genomes: return "genomes";
    case Domain::records: return "records";
    case Domain::audit: return "audit";
    case Domain::system: return "system";
    case Domain::worklist: return "worklist";
  }
  return "";
}

std::string_view to_string(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

std::optional<Role> role_of(std::string_view text) {
  for (size_t i = 0; i < kRoles; ++i) {
    if (kRoleNames[i] == text) return static_cast<Role>(i);
  }
  return std::nullopt;
}

const std::set<Role>& every_role() {
  static const std::set<Role> all = [] {
    std::set<Role> out;
    for (size_t i = 0; i < kRoles; ++i) out.insert(static_cast<Role>(i));
    return out;
  }();
  return all;
}

}  // namespace medarc::security
