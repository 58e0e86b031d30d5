// Who may do what, as one table. Nothing is allowed that no row allows. The table is checked whole
// by tests/security/policy_test.cc; changing a row means changing the expectation there too.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "security/guard.h"

namespace medarc::security {

using Actions = uint32_t;  // one bit an Action
constexpr Actions bit(Action a) { return 1u << static_cast<unsigned>(a); }

struct Rule {
  Role role;
  Domain domain;
  Actions actions;
};
std::span<const Rule> policy();

bool allowed(const std::set<Role>& roles, Domain domain, Action action);

std::string_view to_string(Action action);  // "store", as audit entries hold it
std::string_view to_string(Domain domain);
std::string_view to_string(Role role);
std::optional<Role> role_of(std::string_view text);  // "clinician"
const std::set<Role>& every_role();

}  // namespace medarc::security
