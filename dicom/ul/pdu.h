// Protocol data units of the DICOM upper layer (PS3.8 section 9.3): bytes to values and back. Pure:
// no sockets, no state. Parsers take the body that follows the 6-byte header, never read outside
// it, and ignore items they do not know, as PS3.8 asks. Errors: invalid_argument (malformed),
// too_large (over a limit).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::dicom::ul {

inline constexpr std::string_view kApplicationContext = "1.2.840.10008.3.1.1.1";
inline constexpr size_t kPduHeaderBytes = 6;
inline constexpr size_t kPdvHeaderBytes = 6;  // length (4), context id, message control header

enum class PduType : uint8_t {
  associate_rq = 1,
  associate_ac = 2,
  associate_rj = 3,
  p_data_tf = 4,
  release_rq = 5,
  release_rp = 6,
  abort = 7,
};

struct PduHeader {
  uint8_t type = 0;     // a PduType when the peer is one of us
  uint32_t length = 0;  // of the body
};
// Exactly kPduHeaderBytes at `bytes`.
PduHeader parse_pdu_header(const char* bytes);

struct ProposedContext {
  uint8_t id = 0;
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
  bool operator==(const ProposedContext&) const = default;
};

enum class ContextResult : uint8_t {
  accepted = 0,
  user_rejected = 1,
  no_reason = 2,
  abstract_syntax_unsupported = 3,
  transfer_syntaxes_unsupported = 4,
};

struct AnsweredContext {
  uint8_t id = 0;
  ContextResult result = ContextResult::accepted;
  std::string transfer_syntax;  // without meaning unless accepted
  bool operator==(const AnsweredContext&) const = default;
};

struct AsyncWindow {  // PS3.7 D.3.3.3; 0 means without limit
  uint16_t invoked = 1;
  uint16_t performed = 1;
  bool operator==(const AsyncWindow&) const = default;
};

struct RoleSelection {  // PS3.7 D.3.3.4
  std::string sop_class;
  uint8_t scu = 0;
  uint8_t scp = 0;
  bool operator==(const RoleSelection&) const = default;
};

struct ExtendedNegotiation {  // PS3.7 D.3.3.5
  std::string sop_class;
  Bytes information;
  bool operator==(const ExtendedNegotiation&) const = default;
};

struct CommonExtendedNegotiation {  // PS3.7 D.3.3.6, in requests only
  std::string sop_class;
  std::string service_class;
  std::vector<std::string> related_general_classes;
  bool operator==(const CommonExtendedNegotiation&) const = default;
};

struct UserIdentity {  // PS3.7 D.3.3.7; fields hold secrets: never log them
  uint8_t type = 1;    // 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT
  bool response_wanted = false;
  Bytes primary;
  Bytes secondary;
  bool operator==(const UserIdentity&) const = default;
};

struct UserInformation {
  std::optional<uint32_t> pdu_bytes_max;  // 0: without limit
  std::string implementation_class;
  std::string implementation_version;
  std::optional<AsyncWindow> window;
  std::vector<RoleSelection> roles;
  std::vector<ExtendedNegotiation> extended;
  std::vector<CommonExtendedNegotiation> common_extended;
  std::optional<UserIdentity> identity;    // A-ASSOCIATE-RQ
  std::optional<Bytes> identity_response;  // A-ASSOCIATE-AC
  bool operator==(const UserInformation&) const = default;
};

// The fixed fields a requestor sends and an acceptor repeats (PS3.8 table 9-11 and 9-17).
struct AssociateFixed {
  uint16_t protocol_version = 1;  // bit 0: version 1
  std::string called, calling;    // 16 octets as sent, blanks included; shorter ones are padded
  Bytes reserved;                 // 32 octets; empty: zeros
  bool operator==(const AssociateFixed&) const = default;
};

struct AssociateRq {
  AssociateFixed fixed;
  std::string application_context{kApplicationContext};
  std::vector<ProposedContext> contexts;
  UserInformation user;
  bool operator==(const AssociateRq&) const = default;
};

struct AssociateAc {
  AssociateFixed fixed;
  std::string application_context{kApplicationContext};
  std::vector<AnsweredContext> contexts;
  UserInformation user;
  bool operator==(const AssociateAc&) const = default;
};

struct AssociateRj {   // PS3.8 table 9-21
  uint8_t result = 1;  // 1 permanent, 2 transient
  uint8_t source = 1;  // 1 service user, 2 provider (ACSE), 3 provider (presentation)
  uint8_t reason = 1;
  bool operator==(const AssociateRj&) const = default;
};

struct Abort {         // PS3.8 table 9-26
  uint8_t source = 2;  // 0 service user, 2 service provider
  uint8_t reason = 0;
  bool operator==(const Abort&) const = default;
};
inline constexpr uint8_t kAbortNoReason = 0;
inline constexpr uint8_t kAbortUnrecognizedPdu = 1;
inline constexpr uint8_t kAbortUnexpectedPdu = 2;
inline constexpr uint8_t kAbortInvalidParameter = 6;

// A presentation data value: one fragment of a command or of a dataset. The view is into the PDU.
struct Pdv {
  uint8_t context_id = 0;
  bool command = false;
  bool last = false;
  ByteView fragment;
  bool operator==(const Pdv&) const = default;
};

// The header of a presentation data value: how many fragment bytes follow, and whose they are.
struct PdvHeader {
  uint32_t fragment_bytes = 0;
  uint8_t context_id = 0;
  bool command = false;
  bool last = false;
};
// Exactly kPdvHeaderBytes at `bytes`; nullopt when the length cannot hold the header itself.
std::optional<PdvHeader> parse_pdv_header(const char* bytes);

// contexts_max: more presentation contexts than that are too_large.
Result<AssociateRq> parse_associate_rq(ByteView body, uint32_t contexts_max);
Result<AssociateAc> parse_associate_ac(ByteView body);
Result<AssociateRj> parse_associate_rj(ByteView body);
Result<Abort> parse_abort(ByteView body);
Result<std::vector<Pdv>> parse_p_data(ByteView body);

// An AE title without the blanks (or NULs) around it.
std::string_view trim_title(std::string_view title);

// Whole PDUs, header included. Texts and lists must fit their 16-bit lengths.
Bytes encode(const AssociateRq&);
Bytes encode(const AssociateAc&);
Bytes encode(const AssociateRj&);
Bytes encode(const Abort&);
Bytes encode_release_rq();
Bytes encode_release_rp();
// Appends P-DATA-TF PDUs holding `message` in fragments that respect the peer's maximum (0: none).
// `ends`: the last fragment is the last of the command or dataset.
void append_p_data(Bytes& out, uint8_t context_id, bool command, ByteView message,
                   uint32_t peer_pdu_bytes_max, bool ends = true);

}  // namespace medarc::dicom::ul
