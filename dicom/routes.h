// Routing rules, from [[dicom.route]]: which stored objects go on to whom. Pure, once read.
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

#include <optional>
#include <string>
#include <vector>

#include "dicom/destinations.h"
#include "dicom/web_destinations.h"
#include "index/ops.h"

namespace medarc::dicom {

struct RouteTarget {
  std::string name;  // an AE title, or of a web destination
  bool web = false;
  bool commit = false;
  bool operator==(const RouteTarget&) const = default;
};

// Immutable after it is read; thread-safe.
class Routes {
 public:
  // invalid_argument: a rule without `to`, an unknown peer, attribute or hour, a name that is both
  // a peer's and a web destination's, `commit` of a web destination, `again` without stable. Tags
  // are looked up in the dictionary, so load_dictionary() comes first.
  static Result<Routes> from(Config& config, const Destinations& destinations,
                             const WebDestinations& web);

  bool empty() const { return rules_.empty(); }
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
  struct Condition {
    index::Tag tag;
    std::vector<std::string> patterns;
  };
  struct Rule {
    std::vector<RouteTarget> to;
    std::vector<std::string> calling;
    std::vector<Condition> conditions;
    std::optional<std::pair<int, int>> minutes;  // [from, until)
    bool stable = false;                         // when = "stable"
    bool again = false;                          // again = "all"
  };
  static Result<Rule> read(const Config::Table& table, const Destinations& destinations,
                           const WebDestinations& web);
  static bool holds(const Rule& rule, const index::StoreInstance& object,
                    const std::string& calling, int minute);
  // Of the rules that `counts`.
  template <class F>
  std::vector<RouteTarget> targets_of(const index::StoreInstance& object,
                                      const std::string& calling, int minute, F counts) const;
  std::vector<Rule> rules_;
};

// Minutes since midnight in the machine's time zone.
int local_minute(Timestamp time);

}  // namespace medarc::dicom
