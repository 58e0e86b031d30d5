#include "dicom/administration/options.h"

#include "dicom/routes.h"
#include "security/peers.h"

namespace medarc::dicom {

AdministrationOptions AdministrationOptions::from(Config& config) {
  AdministrationOptions o;
  const auto number = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min,
                          uint64_t max) {
    field = static_cast<uint32_t>(
        config.size(std::string("administration.") + key, field, meaning, min, max));
  };
  number("entries_max", o.entries_max,
         "Peers that administrators may add while the server runs; and as many routing rules.", 0,
         100'000);
  number("value_bytes_max", o.value_bytes_max, "One value of such a peer or rule.", 64, 4096);
  number("echo_timeout_ms", o.echo_timeout_ms,
         "How long a peer that is tested may keep silent at each step.", 100, 60'000);
  number("echoes_max", o.echoes_max, "Tests of peers under way at a time.", 1, 64);
  o.files_directory = config.text(
      "administration.files_directory", "",
      "Where certificates, keys and secrets lie that administrators may name for a peer; empty: "
      "they may name none.");
  o.peers = config.tables("dicom.peer", security::kPeersMeaning);
  o.rules = config.tables("dicom.route", kRoutesMeaning);
  return o;
}

}  // namespace medarc::dicom
