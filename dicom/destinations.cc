#include "dicom/destinations.h"

#include <charconv>

#include "security/peers.h"

namespace medarc::dicom {

Result<Destinations> Destinations::from(Config& config) {
  Destinations out;
  for (const Config::Table& table : config.tables("dicom.peer", security::kPeersMeaning)) {
    const auto aet = table.find("aet"), host = table.find("host"), port = table.find("port");
    if (aet == table.end() || port == table.end()) continue;
    Destination to{aet->second, host == table.end() ? "127.0.0.1" : host->second};
    if (const auto tls = table.find("tls"); tls != table.end() && tls->second == "true") {
      if (out.tls_ == nullptr) {
        MEDARC_ASSIGN(security::TlsOptions options, security::TlsOptions::from(config));
        MEDARC_ASSIGN(out.tls_, security::TlsContext::client(std::move(options)));
      }
      const auto name = table.find("certificate");
      to.tls = out.tls_;
      if (name != table.end()) to.tls_name = name->second;
    }
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
