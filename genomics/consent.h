// What a principal may read of a genomic file, by the consent that was given for it: the one place
// that decides. Everything that opens a file for reading asks here (GenomeStore, CramReads,
// References): a file whose terms do not fit what the principal asks for is refused, and regions
// whose terms do not fit are withheld from every answer.
//
// What for is said with the request (Asker::purposes), or configured for who asks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "genomics/asker.h"
#include "genomics/duo.h"
#include "genomics/file_header.h"
#include "genomics/region.h"

namespace medarc::security {
class Guard;
}

namespace medarc::genomics {

using index::Consent;
using index::ConsentRegion;

struct ConsentRules {
  // Of everyone who has the role, or of one principal.
  struct Asker {
    std::optional<security::Role> role;  // nullopt: `principal`
    std::string principal;
    std::vector<DuoTerm> purposes;  // what for, where a request does not say
    bool exempt = false;            // consent is not asked: for those who care for the patient
  };
  std::vector<Asker> askers;
  // False: what a request says must be among what is configured for who asks.
  bool purposes_from_requests = true;
  bool name_regions = true;     // answers say which regions were withheld; false: only how many
  uint32_t terms_max = 64;      // of a file, of a region, and of a purpose
  uint32_t regions_max = 1000;  // of a file

  // [genomics] consent_*, and [[genomics.consent]]: role or principal, purpose, exempt.
  static Result<ConsentRules> from(Config& config);
};

// What may be read.
struct Permit {
  std::vector<ConsentRegion> withheld;  // none: the whole file
  std::string purpose;                  // as audit entries have it; "": no consent was asked
  bool whole() const { return withheld.empty(); }
};
// Errors: permission_denied naming the term that does not fit; invalid_argument: what is said as
// the purpose is none.
Result<Permit> permit_of(const ConsentRules& rules, const Asker& who, const Consent& consent,
                         Timestamp at);

// The same at this moment, of a stored file; a refusal is audited.
Result<Permit> permit_audited(security::Guard& guard, const ConsentRules& rules, const Asker& who,
                              const index::FileRow& row);

// Consent as it may be set: known terms, at least one permission among those of the file and of
// each region that has any, regions of the file's own sequences. `header`: nullptr for files
// without places. Errors: invalid_argument, too_large.
Status check_consent(const Consent& consent, const FileHeader* header, const ConsentRules& rules);

// The regions by number, merged. permission_denied: the file has no such sequence, so that nothing
// is known to be withheld.
Result<std::vector<Region>> places_of(const std::vector<ConsentRegion>& regions,
                                      const FileHeader& header);

}  // namespace medarc::genomics
