#include "tools/peer.h"

#include <fmt/format.h>

#include <algorithm>

#include "dicom/dictionary.h"
#include "dicom/dimse/call.h"
#include "tools/address.h"

namespace medarc::tools {

void PeerOptions::add_to(CLI::App& verb) {
  common.add_to(verb);
  verb.add_option("peer", peer, "AE title of a [[dicom.peer]], or AET@HOST:PORT")->required();
  verb.add_option("--aet", aet, "Our own AE title (dicom.aet)");
}

Result<dicom::Destination> destination_of(const std::string& peer,
                                          const dicom::Destinations& known) {
  const size_t at = peer.find('@');
  if (at == std::string::npos) {
    const auto found = known.find(peer);
    if (found != nullptr) return *found;
    return make_error(Code::not_found,
                      "no [[dicom.peer]] of this AE title has a port; give AET@HOST:PORT");
  }
  MEDARC_ASSIGN(const Address address, parse_address(peer.substr(at + 1)));
  if (at == 0 || at > 16 || address.port == 0) {
    return make_error(Code::invalid_argument, "a peer is given as AET@HOST:PORT");
  }
  return dicom::Destination{peer.substr(0, at), address.host, address.port};
}

Result<std::unique_ptr<PeerCall>> PeerCall::open(const PeerOptions& options,
                                                 const Settings& settings) {
  MEDARC_TRY(dicom::load_dictionary());
  auto out = std::make_unique<PeerCall>();
  MEDARC_ASSIGN(out->to_, destination_of(options.peer, settings.dicom.destinations));
  out->aet_ = options.aet.empty() ? settings.dicom.aet : options.aet;
  if (out->aet_.size() > 16) {
    return make_error(Code::invalid_argument, "an AE title has 1 to 16 characters");
  }
  out->limits_ = settings.dicom_limits;
  return out;
}

Status PeerCall::call(std::vector<dicom::ul::AcceptedContext> contexts,
                      std::vector<dicom::ul::RoleSelection> roles) {
  release();
  MEDARC_ASSIGN(association_, dicom::dimse::call(to_, aet_, std::move(contexts), limits_, signals_,
                                                 std::move(roles)));
  return {};
}

void PeerCall::release() {
  if (association_) (void)association_->release();
  association_.reset();
}

Result<index::Attribute> parse_key(const std::string& text) {
  const size_t equals = text.find('=');
  std::string name = text.substr(0, equals);
  if (name.size() == 9 && name[4] == ',') name.erase(4, 1);
  const auto tag = dicom::parse_tag(name);
  if (!tag) {
    return make_error(Code::invalid_argument,
                      "a key is KEYWORD=VALUE or GGGG,EEEE=VALUE; unknown: " + name);
  }
  index::Attribute out{*tag, dicom::vr_of(*tag), {}};
  if (equals != std::string::npos && equals + 1 < text.size()) {
    out.values.push_back(text.substr(equals + 1));
  }
  return out;
}

std::string status_text(uint16_t status, const std::string& comment) {
  return comment.empty() ? fmt::format("{:04X}", status)
                         : fmt::format("{:04X} ({})", status, comment);
}

}  // namespace medarc::tools
