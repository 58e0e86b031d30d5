// What is known of senders that do not conform, from [[dicom.quirk]]; the same for C-STORE and
// STOW.
//
//   [[dicom.quirk]]
//   aet = "OLDCT*"                 # calling AE titles, with * and ?
//   principal = "token:gateway"    # or who stores over HTTP; one of the two is enough
//   charset = "GB18030"            # its text is in this, whatever it says; or "detect"
//   charset_confidence = 80        # with "detect": per cent, from which on it is believed
//   uid_repair = "padding, leading_zeros, derive"          # uid_repair.h
//   accept = "malformed_uid, missing_instance_uid, other_study"
//   set = "InstitutionName=St. Example"   # or copy = "PatientID=OtherPatientIDs", or
//                                         # remove = "PatientComments"
//   Modality = "CT, MR"            # only where attributes of the object are so, by keyword or tag;
//   0008,0080 = ""                 # * and ? as in queries; "": absent or empty
//
// All rules of a sender whose conditions hold apply, in the order of the file. What they change is
// kept as instructions (corrections.h): the stored bytes stay as they came.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "dicom/senders/corrections.h"
#include "dicom/senders/doctor.h"
#include "dicom/senders/findings.h"
#include "security/principal.h"

namespace medarc::dicom::senders {

// Refusals that are warnings for this sender.
struct Accepted {
  bool malformed_uid = false;         // SOP Instance, Series or Study UID that is none: derived
  bool missing_instance_uid = false;  // derived from the dataset's bytes
  bool other_study = false;           // STOW to /studies/{uid}: kept in the study it names
};

struct QuirkRule {
  struct Condition {
    Tag tag;
    std::vector<std::string> patterns;  // none: absent or empty
  };
  std::vector<std::string> aets, principals;
  std::vector<Condition> conditions;
  std::string charset;  // readings.h names it; "": as declared
  bool detect = false;
  int confidence_min = 80;  // of what is detected
  UidRepair uids;
  Accepted accepted;
  std::vector<Coercion> coercions;
};

// What is done with one object.
struct Treatment {
  Corrections corrections;  // time, system and source too
  Accepted accepted;
  UidRepair uids;  // for what the message says beside the object
};

// Immutable after it is read; thread-safe.
class Quirks {
 public:
  static constexpr size_t kRulesMax = 256, kValueBytesMax = 1024;

  // invalid_argument: a rule without sender or without effect, an unknown name, an attribute that
  // cannot be set or compared. Needs load_dictionary(). `system`: our AE title.
  static Result<Quirks> from(Config& config, std::string system);

  bool empty() const { return rules_.empty(); }
  // The rules of who acts; they live as long as this.
  std::vector<const QuirkRule*> rules_of(const security::Principal& who) const;
  const std::string& system() const { return system_; }
  // How a UID that this principal ("ae:CT1") wrote is filed here, by its rules without conditions:
  // for storage commitment.
  std::string filed_uid(const std::string& principal_id, const std::string& uid) const;

 private:
  std::vector<QuirkRule> rules_;
  std::string system_;
};

// The AE title of a DIMSE principal, else the id.
std::string sender_name(const security::Principal& who);

// Looks at an object as it was received. What keeps a rule from being followed is found.
Treatment treatment(const std::vector<const QuirkRule*>& rules, const Scanner& scanner,
                    const Diagnosis& diagnosis, std::vector<Finding>& findings);

}  // namespace medarc::dicom::senders
