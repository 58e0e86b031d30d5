// Who acts. Every use case takes a Principal, so that no door can forget authorisation or audit.
#pragma once

#include <set>
#include <string>

namespace medarc::security {

// Values are part of the configuration (`role = "clinician"`), not of stored bytes.
enum class Role {
  administrator,     // everything, and the admin verbs
  clinician,         // records and images
  radiologist,       // images, worklist, priors
  technologist,      // stores and reads images
  bioinformatician,  // genomes
  registrar,         // identity only
  auditor,           // the audit trail only
  modality,          // stores, and finds what it stored (a device or calling AE)
};

struct Principal {
  std::string id;  // "token:viewer", "ae:CT1", "local": stable, never a secret
  std::set<Role> roles;
  std::string door;  // "dimse", "dicomweb", "genomics", "fhir", "http", "cli"
  std::string peer;  // address, for limits and logs
};

}  // namespace medarc::security
