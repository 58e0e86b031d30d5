#include "dicom/routes.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>

#include "dicom/levels.h"
#include "dicom/rule_text.h"

namespace medarc::dicom {
namespace {

constexpr int kMinutesOfDay = 24 * 60;

// "18:00" to 1080.
std::optional<int> minute_of(std::string_view text) {
  int hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto number = [](std::string_view digits, int& out) {
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + 2, out);
    return failed == std::errc() && end == digits.data() + 2;
  };
  if (!number(text.substr(0, 2), hour) || !number(text.substr(3), minute)) return std::nullopt;
  const int out = hour * 60 + minute;
  if (hour > 24 || hour < 0 || minute > 59 || minute < 0 || out > kMinutesOfDay) {
    return std::nullopt;
  }
  return out;
}

Error wrong(std::string text) {
  return make_error(Code::invalid_argument, "dicom.route: " + std::move(text));
}

const index::Attribute* find(const index::StoreInstance& object, index::Tag tag) {
  for (const index::AttributeSet* set : {&object.patient_attributes, &object.study_attributes,
                                         &object.series_attributes, &object.instance.attributes}) {
    if (const index::Attribute* found = set->find(tag)) return found;
  }
  return nullptr;
}

}  // namespace

Result<Routes::Rule> Routes::read(const Config::Table& table, const Destinations& destinations,
                                  const WebDestinations& web) {
  Rule rule;
  std::vector<std::string> to;
  std::string again;
  bool commit = false;
  for (const auto& [name, value] : table) {
    if (name == "to") {
      to = comma_list(value);
    } else if (name == "commit") {
      if (value != "true" && value != "false") return wrong("commit is true or false");
      commit = value == "true";
    } else if (name == "when") {
      if (value != "stored" && value != "stable") return wrong("when is stored or stable");
      rule.stable = value == "stable";
    } else if (name == "again") {
      if (value != "new" && value != "all") return wrong("again is new or all");
      again = value;
    } else if (name == "calling") {
      rule.calling = comma_list(value);
    } else if (name == "hours") {
      const auto from = minute_of(std::string_view(value).substr(0, 5));
      const auto until =
          value.size() == 11 && value[5] == '-' ? minute_of(value.substr(6)) : std::nullopt;
      if (!from || !until) return wrong("hours are given as HH:MM-HH:MM");
      rule.minutes = {*from, *until};
    } else {
      const auto tag = attribute_named(name);
      if (!tag) return wrong("unknown attribute " + name);
      if (level_of(*tag) == Level::none) return wrong(name + " is not among the attributes kept");
      rule.conditions.push_back({*tag, comma_list(value)});
    }
  }
  if (to.empty()) return wrong("a rule needs `to`");
  if (!again.empty() && !rule.stable) return wrong("again goes with when = \"stable\"");
  rule.again = again == "all";
  for (const std::string& one : to) {
    const Destination* peer = destinations.find(one);
    const bool at_web = web.find(one) != nullptr;
    if (peer == nullptr && !at_web) {
      return wrong("no [[dicom.peer]] with a port and no [[dicom.web_destination]] is called " +
                   one);
    }
    if (peer != nullptr && at_web) return wrong(one + " is a peer and a web destination");
    if (at_web && commit) return wrong("commit is for peers, not for web destinations");
    rule.to.push_back({one, at_web, commit || (peer != nullptr && peer->commit)});
  }
  return rule;
}

Result<Routes> Routes::from(Config& config, const Destinations& destinations,
                            const WebDestinations& web) {
  Routes out;
  for (const Config::Table& table :
       config.tables("dicom.route",
                     "Where stored objects are sent on: to, commit, calling, hours, when, again, "
                     "attributes.")) {
    MEDARC_ASSIGN(Rule rule, read(table, destinations, web));
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

bool Routes::holds(const Rule& rule, const index::StoreInstance& object, const std::string& calling,
                   int minute) {
  if (!rule.calling.empty() && !any_matches(calling, rule.calling)) return false;
  if (rule.minutes) {
    const auto [from, until] = *rule.minutes;
    const bool inside =
        from <= until ? minute >= from && minute < until : minute >= from || minute < until;
    if (!inside) return false;
  }
  return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition& c) {
    const index::Attribute* found = find(object, c.tag);
    return found != nullptr &&
           std::any_of(found->values.begin(), found->values.end(),
                       [&](const std::string& value) { return any_matches(value, c.patterns); });
  });
}

bool Routes::any_stable() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const Rule& rule) { return rule.stable; });
}

bool Routes::any_again() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const Rule& rule) { return rule.again; });
}

std::vector<RouteTarget> Routes::targets(const index::StoreInstance& object,
                                         const std::string& calling, int minute) const {
  return targets_of(object, calling, minute, [](const Rule& rule) { return !rule.stable; });
}

std::vector<RouteTarget> Routes::stable_targets(const index::StoreInstance& object,
                                                const std::string& calling, int minute,
                                                bool is_new) const {
  return targets_of(object, calling, minute,
                    [&](const Rule& rule) { return rule.stable && (is_new || rule.again); });
}

template <class F>
std::vector<RouteTarget> Routes::targets_of(const index::StoreInstance& object,
                                            const std::string& calling, int minute,
                                            F counts) const {
  std::map<std::string, RouteTarget> found;
  for (const Rule& rule : rules_) {
    if (!counts(rule) || !holds(rule, object, calling, minute)) continue;
    for (const RouteTarget& to : rule.to) {
      RouteTarget& target = found.emplace(to.name, to).first->second;
      target.commit = target.commit || to.commit;
    }
  }
  std::vector<RouteTarget> out;
  for (auto& [name, target] : found) {
    if (target.web || name != calling) out.push_back(std::move(target));
  }
  return out;
}

int local_minute(Timestamp time) {
  const auto seconds = static_cast<std::time_t>(time.us / 1'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_hour * 60 + local.tm_min;
}

}  // namespace medarc::dicom
