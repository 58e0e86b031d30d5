#include "tools/settings.h"

#include "dicom/dictionary.h"
#include "tools/address.h"

namespace medarc::tools {

Result<Settings> Settings::from(Config& config) {
  Settings s;
  s.index = index::IndexOptions::from(config);
  s.guard = security::GuardOptions::from(config);
  s.records = records::RecordsOptions::from(config);
  MEDARC_ASSIGN(s.issuers, records::Issuers::from(config));
  s.dicomweb = web::DicomwebOptions::from(config);
  s.dicom_limits = dicom::Limits::from(config);
  s.render = dicom::RenderLimits::from(config);
  s.jobs = index::JobOptions::from(config);
  s.commitment = dicom::dimse::CommitmentOptions::from(config);
  s.worklist = dicom::worklist::WorklistOptions::from(config);
  s.differences = dicom::DifferenceLimits::from(config);
  s.completeness = dicom::CompletenessOptions::from(config);
  s.commitment_door = web::CommitmentDoorOptions::from(config);
  s.codecs = dicom::CodecLimits::from(config);
  s.genomics = genomics::Limits::from(config);
  s.crypt4gh = genomics::Crypt4ghLimits::from(config);
  MEDARC_ASSIGN(s.consent, genomics::ConsentRules::from(config));
  s.sorting = genomics::SortLimits::from(config);
  s.uploads = genomics::ResumableLimits::from(config);
  s.genomics_door = web::GenomicsOptions::from(config);
  MEDARC_ASSIGN(s.beacon, web::BeaconOptions::from(config));
  s.http = web::ServerOptions::from(config);
  s.drain_ms =
      config.size("server.drain_ms", s.drain_ms,
                  "How long running requests may take to end after SIGTERM.", 0, 3'600'000);
  s.dicom.aet = config.text("dicom.aet", s.dicom.aet, "AE title of this archive.");
  s.dicom.any_called_aet =
      config.flag("dicom.any_called_aet", false, "Accept associations under any called AE title.");
  s.dicom.private_sop_classes = config.flag("dicom.private_sop_classes", true,
                                            "Store objects of SOP classes that are not known.");
  s.dicom.warn_status =
      config.flag("dicom.warn_status", false,
                  "Answer C-STORE of unusual objects with a warning status, not only a comment.");
  s.dicom.lossy_to_peers =
      config.flag("dicom.lossy_to_peers", false,
                  "C-GET and C-MOVE: a peer that takes an image only in a transfer syntax that "
                  "loses something gets it so, as a new instance.");
  if (s.dicom.aet.empty() || s.dicom.aet.size() > 16) {
    return make_error(Code::invalid_argument, "dicom.aet: an AE title has 1 to 16 characters");
  }
  const std::string http = config.text("server.http", "127.0.0.1:8042",
                                       "Address and port of the HTTP door; port 0: any free one.");
  const std::string dicom =
      config.text("server.dicom", "127.0.0.1:4242",
                  "Address and port of the DICOM door; port 0: any free one.");
  MEDARC_ASSIGN(const Address http_at, parse_address(http));
  MEDARC_ASSIGN(const Address dicom_at, parse_address(dicom));
  s.http.address = http_at.host;
  s.http.port = http_at.port;
  s.dicom.address = dicom_at.host;
  s.dicom.port = dicom_at.port;
  if (const std::string tls =
          config.text("server.dicom_tls", "",
                      "Address and port of the DICOM door over TLS; empty: there is none.");
      !tls.empty()) {
    MEDARC_ASSIGN(const Address tls_at, parse_address(tls));
    s.dicom.tls_address = tls_at.host;
    s.dicom.tls_port = tls_at.port;
    MEDARC_ASSIGN(security::TlsOptions options, security::TlsOptions::from(config));
    MEDARC_ASSIGN(s.dicom.tls, security::TlsContext::server(std::move(options)));
  }
  MEDARC_ASSIGN(s.dicom.destinations, dicom::Destinations::from(config));
  MEDARC_TRY(dicom::load_dictionary());  // rules and extra attributes are named
  MEDARC_ASSIGN(s.web_destinations, dicom::WebDestinations::from(config));
  MEDARC_ASSIGN(s.routes, dicom::Routes::from(config, s.dicom.destinations, s.web_destinations,
                                              s.completeness.stable_after_s > 0));
  MEDARC_ASSIGN(s.recompress_rules, dicom::RecompressRules::from(config));
  MEDARC_ASSIGN(s.cold_rules, genomics::ColdRules::from(config));
  s.recompress = index::RecompressOptions::from(config);
  s.administration = dicom::AdministrationOptions::from(config);
  MEDARC_ASSIGN(s.extras, dicom::ExtraAttributes::from(config));
  s.extras.tell_state_by(s.completeness);
  MEDARC_ASSIGN(dicom::senders::Quirks quirks, dicom::senders::Quirks::from(config, s.dicom.aet));
  s.quirks = std::make_shared<const dicom::senders::Quirks>(std::move(quirks));
  s.commitment.quirks = s.dicom.quirks = s.quirks;
  s.sender_counts = dicom::senders::TallyLimits::from(config);
  MEDARC_ASSIGN(s.credentials, security::Credentials::from(config));
  s.authenticator = security::make_authenticator(s.credentials);
  s.identities = security::Identities::create(config, s.credentials);
  s.dicom.identities = s.identities.get();
  s.dicom.peers = s.credentials.peers;
  s.dicom.suboperations_max = static_cast<uint32_t>(
      config.size("dicom.suboperations_max", s.dicom.suboperations_max,
                  "Instances of one C-MOVE or C-GET; more are refused (A701).", 1, 65535));
  MEDARC_TRY(config.check());
  return s;
}

}  // namespace medarc::tools
