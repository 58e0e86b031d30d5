// Routing rules, and what opens both kinds.
#include <algorithm>

#include "dicom/administration/administration.h"

namespace medarc::dicom {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr std::string_view kConfigured = "configuration-";

}  // namespace

std::vector<AdministeredEntry> AdministeredRules::configured() const {
  std::vector<AdministeredEntry> out;
  for (const Config::Table& table : options().rules) {
    AdministeredEntry entry;
    entry.name = configured_rule_name(out.size() + 1);
    entry.table = table;
    out.push_back(std::move(entry));
  }
  return out;
}

Status AdministeredRules::name_it(const std::string& name, Config::Table&) const {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (name.empty() || name.size() > kNameBytesMax || !plain) {
    return make_error(Code::invalid_argument,
                      "a rule's name has 1 to 64 letters, digits, hyphens, low lines and points");
  }
  if (name.starts_with(kConfigured)) {
    return make_error(Code::conflict,
                      "rules of the configuration file are called so: they are "
                      "changed there, and with a restart");
  }
  return {};
}

Result<Administered::Enforce> AdministeredRules::read(const std::string& name,
                                                      const Config::Table& table) {
  MEDARC_ASSIGN(RouteRule rule, parts_.routes.read(table));
  return Enforce([this, name, rule = std::move(rule)] { parts_.routes.put(name, rule); });
}

void AdministeredRules::withdraw(const std::string& name) { parts_.routes.remove(name); }

Administration::Administration(index::Index& index, security::Guard& guard, AdministeredParts parts,
                               AdministrationOptions options)
    : shared_{index, guard, std::move(options), {}},
      parts_(std::move(parts)),
      peers_(shared_, parts_),
      rules_(shared_, parts_) {}

Result<std::unique_ptr<Administration>> Administration::open(index::Index& index,
                                                             security::Guard& guard,
                                                             AdministeredParts parts,
                                                             AdministrationOptions options) {
  std::unique_ptr<Administration> out(
      new Administration(index, guard, std::move(parts), std::move(options)));
  MEDARC_TRY(out->peers_.load());
  MEDARC_TRY(out->rules_.load());
  return out;
}

}  // namespace medarc::dicom
