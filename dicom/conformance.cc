#include "dicom/conformance.h"

#include <fmt/format.h>

#include <algorithm>

#include "dicom/charset.h"
#include "dicom/completeness/state_elements.h"
#include "dicom/dictionary.h"
#include "dicom/implementation.h"
#include "dicom/matching.h"
#include "dicom/model/pixel_parts.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

// Services that a peer may ask for. Which of them are provided is for acceptable_sop_class() to
// say.
constexpr std::string_view kServices[] = {
    kVerificationSopClass,           kCommitmentSopClass,
    "1.2.840.10008.3.1.2.3.3",  // Modality Performed Procedure Step
    "1.2.840.10008.5.1.4.1.2.1.1",   "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.1.3",
    "1.2.840.10008.5.1.4.1.2.2.1",   "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3",
    "1.2.840.10008.5.1.4.1.2.3.1",   "1.2.840.10008.5.1.4.1.2.3.2", "1.2.840.10008.5.1.4.1.2.3.3",
    "1.2.840.10008.5.1.4.31",      // Modality Worklist
    "1.2.840.10008.5.1.4.33",      // Instance Availability Notification
    "1.2.840.10008.5.1.4.34.6.1",  // Unified Procedure Step: Push, Watch, Pull, Event, Query
    "1.2.840.10008.5.1.4.34.6.2",    "1.2.840.10008.5.1.4.34.6.3",  "1.2.840.10008.5.1.4.34.6.4",
    "1.2.840.10008.5.1.4.34.6.5",
    "1.2.840.10008.5.1.4.1.1.200.4",  // Protocol Approval
    "1.2.840.10008.5.1.4.1.1.201.2",  // Inventory
    "1.2.840.10008.5.1.1.9",          // Basic Grayscale Print
};

void services(std::string& out) {
  std::string not_provided;
  out += "## Services\n\nAs provider (SCP):\n\n| SOP class | UID |\n|---|---|\n";
  for (const std::string_view uid : kServices) {
    if (acceptable_sop_class(uid, false)) {
      out += fmt::format("| {} | {} |\n", uid_name(uid), uid);
    } else {
      not_provided += fmt::format("{}{}", not_provided.empty() ? "" : ", ", uid_name(uid));
    }
  }
  out += fmt::format(
      "| Storage | {} classes, below; private and newer ones by `dicom.private_sop_classes` |\n\n"
      "Refused as presentation contexts: {}, and every other service.\n\n"
      "As user (SCU): Verification, Storage, Storage Commitment (reports are taken over the same "
      "association and over one that the peer opens as provider), Query/Retrieve FIND and MOVE; to "
      "peers of `[[dicom.peer]]`, by routing rules, C-MOVE, C-GET and the verbs `echo`, `find`, "
      "`pull` and `send`. STOW-RS, to servers of `[[dicom.web_destination]]`, by routing rules. "
      "All of them over TLS (BCP 195) where the destination says so.\n\n"
      "User identity (PS3.7 D.3.3.7): name and passcode are compared with `[[security.token]]`; a "
      "JSON Web Token is verified by its signature (RS256, ES256, EdDSA, HS256) with the keys of a "
      "`[[security.issuer]]`, or compared as well; each is answered when an answer is asked for; a "
      "name alone is believed of "
      "peers with `identity = \"trusted\"`; Kerberos and SAML are passed over. A wrong identity is "
      "rejected: permanent, service user, no reason given. As user the first three are shown.\n\n",
      storage_sop_classes().size(), not_provided);
}

void storage_classes(std::string& out) {
  out += "## Storage SOP classes\n\n| SOP class | UID |\n|---|---|\n";
  for (const StorageSopClass& c : storage_sop_classes()) {
    out += fmt::format("| {} | {} |\n", c.keyword, c.uid);
  }
  out += '\n';
}

void syntaxes(std::string& out) {
  constexpr std::string_view kNative[] = {kImplicitLittle, kExplicitLittle, kDeflatedLittle,
                                          kExplicitBig};
  out +=
      "## Transfer syntaxes\n\nEvery syntax is accepted for storage, also one that is not listed, "
      "and "
      "kept byte for byte. \"Decoded\" ones are given as Explicit or Implicit VR Little Endian to "
      "peers that ask for these, and are rendered. \"Made\" ones are what images can be given in; "
      "those \"when named\" lose something, are made only for who names them over DICOMweb (over "
      "DIMSE "
      "with `dicom.lossy_to_peers`, for who accepts nothing else), and are new instances that name "
      "their source.\n\n"
      "| transfer syntax | UID | decoded | made | lossy | frames as |\n|---|---|---|---|---|---|\n";
  for (const TransferSyntax& t : transfer_syntaxes()) {
    const bool decoded = t.encapsulated ? can_decode(t.uid)
                                        : std::find(std::begin(kNative), std::end(kNative),
                                                    t.uid) != std::end(kNative);
    const bool native = t.uid == kImplicitLittle || t.uid == kExplicitLittle;
    const char* const made = native || can_encode(t.uid) ? "yes"
                             : can_encode_lossy(t.uid)   ? "when named"
                                                         : "no";
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", t.name, t.uid, decoded ? "yes" : "no",
                       made, t.lossy ? "may be" : "no",
                       t.encapsulated ? t.media_type : "application/octet-stream");
  }
  out += '\n';
}

void character_sets_of(std::string& out) {
  out += "## Character sets\n\nRead, with code extensions of ISO 2022 where these are named:";
  std::string separator = " ";
  for (const std::string& term : character_sets()) {
    out += separator + '`' + term + '`';
    separator = ", ";
  }
  out +=
      ". Answers over DICOMweb are UTF-8 (`ISO_IR 192`); answers to C-FIND are in the character "
      "set "
      "of the object where that holds the text, else in UTF-8.\n";
}

void coercion(std::string& out) {
  out +=
      "\n## Coercion\n\nNothing is coerced but by rules for a sender (`[[dicom.quirk]]`): the "
      "character set of its text, its UIDs, single attributes. Objects are then given with "
      "Original Attributes Sequence (0400,0561), which names every attribute that was changed with "
      "its former value; those that did not conform stand in Nonconforming Modified Attributes "
      "Sequence (0400,0551). Received bytes are kept, and given at `/original` below an instance. "
      "Deflated and big-endian objects are given in their own encoding, the former deflated "
      "anew.\n";
}

void matching(std::string& out) {
  out +=
      "\n## Matching of dates and times\n\nBy meaning, not by text. A date and its time that are "
      "ranges of the same form are one range of moments: in QIDO-RS always, in C-FIND where it was "
      "negotiated. Where Timezone query adjustment was negotiated, and in QIDO-RS always, Timezone "
      "Offset From UTC (0008,0201) in a request is no key but the zone of its dates and times: a "
      "date and its time, and date-times without an offset, are moved there from the zone that the "
      "first object of the study names, and then compared; what names none is taken as it stands, "
      "and so are dates of birth. Answers hold dates and times as they were stored, with the zone "
      "of the "
      "study where it has one. Not negotiated, it is a key like any other. Pairs:\n\n"
      "| date | time |\n|---|---|\n";
  for (const DateAndTime& pair : dates_and_times()) {
    if (pair.date.value >> 16 == 0x0010) continue;
    out += fmt::format("| {} | {} |\n", keyword_of(pair.date), keyword_of(pair.time));
  }
}

void private_elements(std::string& out) {
  out += fmt::format(
      "\n## Private elements\n\nBlock creator `{}` in group {:04X}: the state of a study, in "
      "answers "
      "to "
      "searches that name the element and its creator (QIDO-RS at any level, C-FIND from the study "
      "level on), and a key there. Never in a stored object. A search by the verdict looks at what "
      "the studies hold that its other keys leave, up to `dicom.compared_instances_max` "
      "instances.\n\n| element | VR | meaning |\n|---|---|---|\n",
      kStudyStateCreator, kStudyStateGroup);
  for (const StudyStateElement& e : study_state_elements()) {
    out += fmt::format("| ({:04X},xx{:02X}) | {} | {} |\n", kStudyStateGroup,
                       static_cast<unsigned>(e.what), text_of(e.vr), e.text);
  }
}

void reasons(std::string& out) {
  struct Reason {
    uint16_t value;
    std::string_view meaning;
  };
  static constexpr Reason kReasons[] = {
      {0xB000, "stored, and given otherwise than received, by a rule for the sender"},
      {0xB007, "stored, and something about it is unusual"},
      {0x0110, "the instance is of another study than the request"},
      {0x0124, "not authorised"},
      {0xA700, "out of resources, or over a limit"},
      {0xA900, "an identifier is missing, or it is a DICOMDIR"},
      {0xC000, "it cannot be understood"},
      {0xC122, "the transfer syntax or media type of bulk data is not taken"},
      {kBulkDataMissing, "metadata names bulk data that did not come (STOW-RS)"},
      {kBulkDataUnused, "bulk data came that no metadata names (STOW-RS)"},
      {kBulkDataMismatch, "bulk data and attributes contradict each other (STOW-RS)"},
  };
  out +=
      "\n## Reasons of the store\n\nStatuses of C-STORE, and Failure Reason (0008,1197) and "
      "Warning Reason (0008,1196) of STOW-RS.\n\n| value | meaning |\n|---|---|\n";
  for (const Reason& r : kReasons) out += fmt::format("| {:04X} | {} |\n", r.value, r.meaning);
}

}  // namespace

std::string dimse_conformance() {
  std::string out = fmt::format(
      "## Implementation\n\nImplementation Class UID {}, version name `{}`. Associations are "
      "accepted "
      "with any order of operations, up to the window that was negotiated; limits are settings "
      "(`medarc config`).\n\n",
      kImplementationClassUid, kImplementationVersion);
  services(out);
  storage_classes(out);
  syntaxes(out);
  character_sets_of(out);
  coercion(out);
  matching(out);
  private_elements(out);
  reasons(out);
  return out;
}

}  // namespace medarc::dicom
