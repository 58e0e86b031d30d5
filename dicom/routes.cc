#include "dicom/routes.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <mutex>

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

Result<RouteRule> read_rule(const Config::Table& table, const Destinations& destinations,
                            const WebDestinations& web) {
  RouteRule rule;
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
    const bool at_peer = destinations.find(one) != nullptr;
    const bool at_web = web.find(one) != nullptr;
    if (!at_peer && !at_web) {
      return wrong("no [[dicom.peer]] with a port and no [[dicom.web_destination]] is called " +
                   one);
    }
    if (at_peer && at_web) return wrong(one + " is a peer and a web destination");
    if (at_web && commit) return wrong("commit is for peers, not for web destinations");
    rule.to.push_back({one, at_web, commit});
  }
  return rule;
}

bool holds(const RouteRule& rule, const index::StoreInstance& object, const std::string& calling,
           int minute) {
  if (!rule.calling.empty() && !any_matches(calling, rule.calling)) return false;
  if (rule.minutes) {
    const auto [from, until] = *rule.minutes;
    const bool inside =
        from <= until ? minute >= from && minute < until : minute >= from || minute < until;
    if (!inside) return false;
  }
  return std::all_of(
      rule.conditions.begin(), rule.conditions.end(), [&](const RouteRule::Condition& c) {
        const index::Attribute* found = find(object, c.tag);
        return found != nullptr && std::any_of(found->values.begin(), found->values.end(),
                                               [&](const std::string& value) {
                                                 return any_matches(value, c.patterns);
                                               });
      });
}

using Rules = std::map<std::string, std::shared_ptr<const RouteRule>>;

}  // namespace

struct Routes::Shared {
  Destinations destinations;  // these two are written before anybody reads
  WebDestinations web;
  bool stable_studies = true;
  mutable std::mutex mutex;
  std::shared_ptr<const Rules> rules = std::make_shared<const Rules>();  // made anew, not changed

  std::shared_ptr<const Rules> now() const {
    std::lock_guard lock(mutex);
    return rules;
  }
  template <class Change>
  void change(Change change) {
    std::lock_guard lock(mutex);
    auto made = std::make_shared<Rules>(*rules);
    change(*made);
    rules = std::move(made);
  }
};

Routes::Routes() : shared_(std::make_shared<Shared>()) {}

Result<Routes> Routes::from(Config& config, const Destinations& destinations,
                            const WebDestinations& web, bool stable_studies) {
  Routes out;
  out.shared_->destinations = destinations;
  out.shared_->web = web;
  out.shared_->stable_studies = stable_studies;
  size_t place = 0;
  for (const Config::Table& table : config.tables("dicom.route", kRoutesMeaning)) {
    MEDARC_ASSIGN(RouteRule rule, out.read(table));
    out.put(configured_rule_name(++place), std::move(rule));
  }
  return out;
}

Result<RouteRule> Routes::read(const Config::Table& table) const {
  MEDARC_ASSIGN(RouteRule rule, read_rule(table, shared_->destinations, shared_->web));
  if (!rule.stable || shared_->stable_studies) return rule;
  return wrong(
      "a rule waits for stable studies, and completeness.stable_after_s is 0: there are "
      "none");
}

void Routes::put(const std::string& name, RouteRule rule) {
  auto made = std::make_shared<const RouteRule>(std::move(rule));
  shared_->change([&](Rules& rules) { rules[name] = made; });
}

void Routes::remove(const std::string& name) {
  shared_->change([&](Rules& rules) { rules.erase(name); });
}

std::optional<std::string> Routes::sending_to(const std::string& to) const {
  const auto rules = shared_->now();
  for (const auto& [name, rule] : *rules) {
    const bool sends = std::any_of(rule->to.begin(), rule->to.end(),
                                   [&](const RouteTarget& t) { return !t.web && t.name == to; });
    if (sends) return name;
  }
  return std::nullopt;
}

bool Routes::any_stable() const {
  const auto rules = shared_->now();
  return std::any_of(rules->begin(), rules->end(), [](const auto& r) { return r.second->stable; });
}

bool Routes::any_again() const {
  const auto rules = shared_->now();
  return std::any_of(rules->begin(), rules->end(), [](const auto& r) { return r.second->again; });
}

std::vector<RouteTarget> Routes::targets(const index::StoreInstance& object,
                                         const std::string& calling, int minute) const {
  return targets_of(object, calling, minute, [](const RouteRule& rule) { return !rule.stable; });
}

std::vector<RouteTarget> Routes::stable_targets(const index::StoreInstance& object,
                                                const std::string& calling, int minute,
                                                bool is_new) const {
  return targets_of(object, calling, minute,
                    [&](const RouteRule& rule) { return rule.stable && (is_new || rule.again); });
}

template <class F>
std::vector<RouteTarget> Routes::targets_of(const index::StoreInstance& object,
                                            const std::string& calling, int minute,
                                            F counts) const {
  const auto rules = shared_->now();
  std::map<std::string, RouteTarget> found;
  for (const auto& [name, rule] : *rules) {
    if (!counts(*rule) || !holds(*rule, object, calling, minute)) continue;
    for (const RouteTarget& to : rule->to) {
      RouteTarget& target = found.emplace(to.name, to).first->second;
      target.commit = target.commit || to.commit;
    }
  }
  std::vector<RouteTarget> out;
  for (auto& [name, target] : found) {
    if (!target.web && name == calling) continue;
    if (!target.web && !target.commit) {  // then the peer's own wish counts
      const auto peer = shared_->destinations.find(name);
      target.commit = peer != nullptr && peer->commit;
    }
    out.push_back(std::move(target));
  }
  return out;
}

std::string configured_rule_name(size_t place) { return "configuration-" + std::to_string(place); }

int local_minute(Timestamp time) {
  const auto seconds = static_cast<std::time_t>(time.us / 1'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_hour * 60 + local.tm_min;
}

}  // namespace medarc::dicom
