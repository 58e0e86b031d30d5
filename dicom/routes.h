// Routing rules, from [[dicom.route]] and from administrators: which stored objects go on to whom.
//
//   [[dicom.route]]
//   to = "PACS2,cloud"           # AE titles of [[dicom.peer]] that have a port; names of
//                                # [[dicom.web_destination]]
//   commit = true                # delivered only when the peer has promised to keep it
//   calling = "CT*,MR1"          # who sent it; * and ? as in queries
//   hours = "18:00-07:00"        # local time; may cross midnight
//   when = "stable"              # not as objects come ("stored"), but when their study has
//   received
//                                # nothing for completeness.stable_after_s; `hours` are of that
//                                time
//   again = "all"                # a study that became stable before has grown: all of it goes out
//                                # once more, and not only what is "new"
//   Modality = "CT"              # any attribute kept in rows (dicom/levels.cc), by keyword or tag
//   0008,1010 = "ER?"
//
// All conditions of a rule must hold; commas separate alternatives. An object is never sent back to
// who sent it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dicom/destinations.h"
#include "dicom/web_destinations.h"
#include "index/ops.h"

namespace medarc::dicom {

inline constexpr std::string_view kRoutesMeaning =
    "Where stored objects are sent on: to, commit, calling, hours, when, again, attributes.";

struct RouteTarget {
  std::string name;  // an AE title, or of a web destination
  bool web = false;
  bool commit = false;
  bool operator==(const RouteTarget&) const = default;
};

// One rule, as it was read.
struct RouteRule {
  struct Condition {
    index::Tag tag;
    std::vector<std::string> patterns;
  };
  std::vector<RouteTarget> to;  // commit: as the rule has it
  std::vector<std::string> calling;
  std::vector<Condition> conditions;
  std::optional<std::pair<int, int>> minutes;  // [from, until)
  bool stable = false;                         // when = "stable"
  bool again = false;                          // again = "all"
};

// Copies share their rules. Thread-safe: a change counts for objects that are stored after it.
class Routes {
 public:
  Routes();  // no rules, and nobody to send to
  // invalid_argument: a rule without `to`, an unknown peer, attribute or hour, a name that is both
  // a peer's and a web destination's, `commit` of a web destination, `again` without stable. Tags
  // are looked up in the dictionary, so load_dictionary() comes first. `stable_studies`: whether
  // studies become stable here; rules that wait for it are refused otherwise.
  static Result<Routes> from(Config& config, const Destinations& destinations,
                             const WebDestinations& web, bool stable_studies = true);
  // One table, with the destinations there are now; errors as from().
  Result<RouteRule> read(const Config::Table& table) const;
  void put(const std::string& name, RouteRule rule);  // in place of the one of this name
  void remove(const std::string& name);
  // The name of a rule that sends to `to`; nullopt: none does.
  std::optional<std::string> sending_to(const std::string& to) const;

  // Whether a rule waits for stable studies; whether one of those wants all of them again.
  bool any_stable() const;
  bool any_again() const;
  // Where the object goes to as it comes, each once. `calling`: who sent it, "" when it did not
  // come over DIMSE; `minute`: of the day, local time.
  std::vector<RouteTarget> targets(const index::StoreInstance& object, const std::string& calling,
                                   int minute) const;
  // Likewise now that its study is stable. `is_new`: it came after the study was stable last.
  std::vector<RouteTarget> stable_targets(const index::StoreInstance& object,
                                          const std::string& calling, int minute,
                                          bool is_new) const;

 private:
  struct Shared;
  // Of the rules that `counts`.
  template <class F>
  std::vector<RouteTarget> targets_of(const index::StoreInstance& object,
                                      const std::string& calling, int minute, F counts) const;
  std::shared_ptr<Shared> shared_;
};

// What a rule of the configuration file is called: by its place there, from 1.
std::string configured_rule_name(size_t place);

// Minutes since midnight in the machine's time zone.
int local_minute(Timestamp time);

}  // namespace medarc::dicom
