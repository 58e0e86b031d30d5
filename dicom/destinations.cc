#include "dicom/destinations.h"

#include <charconv>

namespace medarc::dicom {

Result<Destinations> Destinations::from(Config& config) {
  Destinations out;
  for (const Config::Table& table :
       config.tables("dicom.peer", "Known DICOM applications: aet, host, port, role.")) {
    const auto aet = table.find("aet"), host = table.find("host"), port = table.find("port");
    if (aet == table.end() || port == table.end()) continue;
    Destination to{aet->second, host == table.end() ? "127.0.0.1" : host->second, 0};
    const std::string& text = port->second;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to.port);
    if (failed != std::errc() || end != text.data() + text.size() || to.port == 0) {
      return make_error(Code::invalid_argument,
                        "dicom.peer " + to.aet + ": port must be a number from 1 to 65535");
    }
    out.by_aet_[to.aet] = std::move(to);
  }
  return out;
}

const Destination* Destinations::find(const std::string& aet) const {
  const auto found = by_aet_.find(aet);
  return found == by_aet_.end() ? nullptr : &found->second;
}

}  // namespace medarc::dicom
