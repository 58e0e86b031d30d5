// Who gave an identifier, under its two names: the issuer of DICOM (0010,0021) and HL7 CX.4, and
// the system URI of FHIR. `[[records.issuer]]` pairs them; others translate by rule, so that every
// identifier goes both ways unchanged:
//
//   issuer ""            no system
//   issuer is a URI      the system itself ("urn:oid:1.2.3", "http://…")
//   any other text       "urn:medarc:issuer:" and the text, percent-encoded
#pragma once

#include <map>

#include "base/config.h"
#include "index/rows.h"

namespace medarc::records {

class Issuers {
 public:
  Issuers() = default;
  // invalid_argument: a table without issuer or system, or one of them given twice.
  static Result<Issuers> from(Config& config);
  std::string system_of(std::string_view issuer) const;
  // Of a system as written by a client. Text that is no URI is an issuer already.
  std::string issuer_of(std::string_view system) const;

 private:
  std::map<std::string, std::string, std::less<>> systems_, issuers_;
};

}  // namespace medarc::records
