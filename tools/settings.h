// Every setting of every folder, read once: what `serve` starts with and `medarc config` prints.
#pragma once

#include "dicom/administration/options.h"
#include "dicom/completeness/options.h"
#include "dicom/difference.h"
#include "dicom/extra_attributes.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/recompress/rules.h"
#include "dicom/routes.h"
#include "dicom/senders/quirks.h"
#include "dicom/senders/tally.h"
#include "dicom/server.h"
#include "dicom/worklist/options.h"
#include "genomics/bam_sort.h"
#include "genomics/cold/rules.h"
#include "genomics/crypt4gh_limits.h"
#include "genomics/resumable.h"
#include "index/index.h"
#include "index/recompress_options.h"
#include "records/patient_service.h"
#include "security/credentials.h"
#include "web/dicomweb/commitment.h"
#include "web/dicomweb/options.h"
#include "web/genomics/beacon_options.h"
#include "web/genomics/options.h"
#include "web/server.h"

namespace medarc::tools {

struct Settings {
  index::IndexOptions index;
  security::GuardOptions guard;
  records::RecordsOptions records;
  records::Issuers issuers;
  dicom::Limits dicom_limits;
  dicom::RenderLimits render;
  dicom::ServerOptions dicom;
  dicom::dimse::CommitmentOptions commitment;
  dicom::worklist::WorklistOptions worklist;
  web::CommitmentDoorOptions commitment_door;
  dicom::WebDestinations web_destinations;
  dicom::Routes routes;
  dicom::RecompressRules recompress_rules;
  genomics::ColdRules cold_rules;
  index::RecompressOptions recompress;  // of both
  dicom::AdministrationOptions administration;
  dicom::ExtraAttributes extras;
  std::shared_ptr<const dicom::senders::Quirks> quirks;
  dicom::senders::TallyLimits sender_counts;
  dicom::DifferenceLimits differences;
  dicom::CompletenessOptions completeness;
  index::JobOptions jobs;
  dicom::CodecLimits codecs;
  genomics::Limits genomics;
  genomics::Crypt4ghLimits crypt4gh;
  genomics::ConsentRules consent;
  genomics::SortLimits sorting;
  genomics::ResumableLimits uploads;
  web::GenomicsOptions genomics_door;
  web::BeaconOptions beacon;
  web::DicomwebOptions dicomweb;
  web::ServerOptions http;
  uint64_t drain_ms = 10'000;
  security::Credentials credentials;
  std::unique_ptr<security::Authenticator> authenticator;
  std::unique_ptr<security::Identities> identities;

  // Errors: a wrong value, or a key that nobody knows (with its name).
  static Result<Settings> from(Config& config);
};

}  // namespace medarc::tools
