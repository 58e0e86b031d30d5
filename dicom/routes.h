// Routing rules, from [[dicom.route]]: which stored objects go on to whom. Pure, once read.
//
//   [[dicom.route]]
//   to = "PACS2,cloud"           # AE titles of [[dicom.peer]] that have a port; names of
//                                # [[dicom.web_destination]]
//   commit = true                # delivered only when the peer has promised to keep it
//   calling = "CT*,MR1"          # who sent it; * and ? as in queries
//   hours = "18:00-07:00"        # local time; may cross midnight
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
  // a peer's and a web destination's, `commit` of a web destination. Tags are looked up in the
  // dictionary, so load_dictionary() comes first.
  static Result<Routes> from(Config& config, const Destinations& destinations,
                             const WebDestinations& web);

  bool empty() const { return rules_.empty(); }
  // Where the object goes to, each once. `calling`: who sent it, "" when it did not come over
  // DIMSE; `minute`: of the day, local time.
  std::vector<RouteTarget> targets(const index::StoreInstance& object, const std::string& calling,
                                   int minute) const;

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
  };
  static Result<Rule> read(const Config::Table& table, const Destinations& destinations,
                           const WebDestinations& web);
  static bool holds(const Rule& rule, const index::StoreInstance& object,
                    const std::string& calling, int minute);
  std::vector<Rule> rules_;
};

// Minutes since midnight in the machine's time zone.
int local_minute(Timestamp time);

}  // namespace medarc::dicom
