#include "dicom/administration/administered.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "dicom/administration/table_json.h"
#include "index/setting.h"

namespace medarc::dicom {
namespace {

using security::Action;
using security::Domain;

}  // namespace

security::Object Administered::object_of(const std::string& name, std::string detail) const {
  return {Domain::system, kind_ + "/" + name, std::move(detail)};
}

Error Administered::file_holds(const std::string& name) const {
  return make_error(Code::conflict, "the configuration file holds " + kind_ + " " + name +
                                        ": it is changed there, and with a restart");
}

Status Administered::load() {
  std::lock_guard lock(shared_.mutex);
  for (AdministeredEntry& entry : configured()) {
    entry.configured = true;
    const std::string name = entry.name;
    entries_.emplace(name, std::move(entry));
  }
  const auto view = shared_.index.view();
  MEDARC_ASSIGN(const auto rows, index::settings_of(*view, kind_));
  for (const index::SettingRow& row : rows) {
    AdministeredEntry entry{row.name, {}, false, row.version, row.changed, {}};
    auto table = read_table_json(row.value, row.value.size());
    if (entries_.contains(row.name)) {
      log(medarc::Level::warn, "administration.in_both", {{"kind", kind_}, {"name", row.name}});
      continue;
    }
    if (table.has_error()) {
      entry.problem = table.error().text;
    } else {
      entry.table = std::move(*table);
      auto enforce = read(entry.name, entry.table);
      if (enforce.has_value()) {
        (*enforce)();
      } else {
        entry.problem = enforce.error().text;
      }
    }
    if (!entry.problem.empty()) {
      log(medarc::Level::error, "administration.not_in_force",
          {{"kind", kind_}, {"name", row.name}, {"reason", entry.problem}});
    }
    entries_.emplace(row.name, std::move(entry));
  }
  return {};
}

std::optional<AdministeredEntry> Administered::find(const std::string& name) const {
  std::lock_guard lock(shared_.mutex);
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<AdministeredEntry>> Administered::list(const Principal& who) {
  MEDARC_TRY(shared_.guard.admit(who, Action::find, {Domain::system, kind_ + "s", {}}));
  std::lock_guard lock(shared_.mutex);
  std::vector<AdministeredEntry> out;
  for (const auto& [name, entry] : entries_) out.push_back(entry);
  return out;
}

Result<AdministeredEntry> Administered::get(const Principal& who, const std::string& name) {
  MEDARC_TRY(shared_.guard.admit(who, Action::read, object_of(name, {})));
  auto found = find(name);
  if (!found) return make_error(Code::not_found, "no such " + kind_);
  return std::move(*found);
}

Status Administered::check(const AdministeredEntry* there, const Expected& expected) const {
  if (there != nullptr && there->configured) return file_holds(there->name);
  if (there == nullptr) {
    if (!expected.any && expected.versions.empty()) return {};
    return make_error(Code::precondition_failed, "there is no such " + kind_ + " any more");
  }
  if (expected.absent) {
    return make_error(Code::precondition_failed, "there is a " + kind_ + " of this name already");
  }
  const bool right = std::find(expected.versions.begin(), expected.versions.end(),
                               there->version) != expected.versions.end();
  if (expected.any || expected.versions.empty() || right) return {};
  return make_error(Code::precondition_failed,
                    "somebody has changed this " + kind_ + ": read it again");
}

Result<uint64_t> Administered::commit(const Principal& who, const std::string& name,
                                      std::optional<Bytes> value, Timestamp time) {
  index::AuditEntry entry;
  entry.principal = who.id;
  entry.door = who.door;
  auto change = value ? index::set_setting(std::move(entry), kind_, name, std::move(*value))
                      : index::unset_setting(std::move(entry), kind_, name);
  if (change.has_error()) return change.error();
  std::vector<index::Op> ops;
  ops.emplace_back(std::move(*change));
  MEDARC_ASSIGN(const index::CommitResult done, shared_.index.commit({}, {time, std::move(ops)}));
  return done.number.value;
}

Result<Administered::Written> Administered::put(const Principal& who, const std::string& name,
                                                Config::Table table, const Expected& expected) {
  MEDARC_TRY(shared_.guard.authorise(who, Action::administer, object_of(name, "put")));
  MEDARC_TRY(name_it(name, table));
  std::lock_guard lock(shared_.mutex);
  const auto found = entries_.find(name);
  const AdministeredEntry* there = found == entries_.end() ? nullptr : &found->second;
  MEDARC_TRY(check(there, expected));
  if (there != nullptr && !expected.said()) {
    return make_error(Code::precondition_failed,
                      "there is a " + kind_ + " of this name already: say which version is meant");
  }
  if (there == nullptr) {
    const auto own = std::count_if(entries_.begin(), entries_.end(),
                                   [](const auto& e) { return !e.second.configured; });
    if (static_cast<uint64_t>(own) >= options().entries_max) {
      return make_error(Code::conflict, "no more than administration.entries_max, which is " +
                                            std::to_string(options().entries_max));
    }
  }
  MEDARC_ASSIGN(const Enforce enforce, read(name, table));
  const Timestamp time = now();
  MEDARC_ASSIGN(const uint64_t version,
                commit(who, name, boost::json::serialize(table_json(table)), time));
  enforce();
  Written out{{name, std::move(table), false, version, time, {}}, there == nullptr};
  entries_[name] = out.entry;
  return out;
}

Status Administered::remove(const Principal& who, const std::string& name,
                            const Expected& expected) {
  MEDARC_TRY(shared_.guard.authorise(who, Action::administer, object_of(name, "remove")));
  std::lock_guard lock(shared_.mutex);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return make_error(Code::not_found, "no such " + kind_);
  MEDARC_TRY(check(&found->second, expected));
  MEDARC_TRY(may_remove(name));
  MEDARC_TRY(commit(who, name, std::nullopt, now()));
  withdraw(name);
  entries_.erase(found);
  return {};
}

}  // namespace medarc::dicom
