#include "dicom/ul/pdu.h"
#include "dicom/ul/pdu_items.h"

namespace medarc::dicom::ul {
namespace {

// Big-endian reader over a view; the first read that does not fit makes ok() false for good.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return number(4); }
  ByteView take(size_t n) {
    if (!ok_ || n > in_.size()) {
      ok_ = false;
      return {};
    }
    const ByteView out = in_.substr(0, n);
    in_.remove_prefix(n);
    return out;
  }
  ByteView counted() { return take(u16()); }  // 16-bit length, then that many
  ByteView rest() { return take(in_.size()); }
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  bool more() const { return ok_ && !in_.empty(); }

 private:
  uint32_t number(size_t n) {
    uint32_t out = 0;
    for (const char c : take(n)) out = out << 8 | static_cast<uint8_t>(c);
    return out;
  }
  ByteView in_;
  bool ok_ = true;
};

// One item: type, a reserved octet, a 16-bit length, the value.
struct ItemView {
  uint8_t type = 0;
  ByteView value;
};
ItemView next_item(Reader& in) {
  ItemView item;
  item.type = in.u8();
  in.u8();
  item.value = in.counted();
  return item;
}

// UIDs may be padded with a NUL (or, against the rules, blanks).
std::string uid(ByteView v) {
  while (!v.empty() && (v.back() == '\0' || v.back() == ' ')) v.remove_suffix(1);
  return std::string(v);
}

Error malformed(std::string_view what) {
  return make_error(Code::invalid_argument, "malformed " + std::string(what));
}

AssociateFixed parse_fixed(Reader& in) {
  AssociateFixed out;
  out.protocol_version = in.u16();
  in.u16();
  out.called = in.take(kTitleBytes);
  out.calling = in.take(kTitleBytes);
  out.reserved = in.take(kReservedBytes);
  return out;
}

bool parse_context(ByteView value, ProposedContext& out) {
  Reader in(value);
  out.id = in.u8();
  in.take(3);
  while (in.more()) {
    const ItemView item = next_item(in);
    if (!in.ok()) break;
    if (item.type == abstract_syntax_item) out.abstract_syntax = uid(item.value);
    if (item.type == transfer_syntax_item) out.transfer_syntaxes.push_back(uid(item.value));
  }
  return in.ok();
}

bool parse_context(ByteView value, AnsweredContext& out) {
  Reader in(value);
  out.id = in.u8();
  in.u8();
  out.result = static_cast<ContextResult>(in.u8());
  in.u8();
  while (in.more()) {
    const ItemView item = next_item(in);
    if (in.ok() && item.type == transfer_syntax_item) out.transfer_syntax = uid(item.value);
  }
  return in.ok();
}

CommonExtendedNegotiation parse_common_extended(Reader& in) {
  CommonExtendedNegotiation out;
  out.sop_class = uid(in.counted());
  out.service_class = uid(in.counted());
  Reader related(in.counted());
  while (related.more()) {
    const ByteView one = related.counted();
    if (related.ok()) out.related_general_classes.push_back(uid(one));
  }
  if (!related.ok()) in.fail();
  return out;
}

// The sub-item's own fields must fit; bytes after them are left to later editions.
bool parse_user_item(const ItemView& item, UserInformation& out) {
  Reader in(item.value);
  switch (item.type) {
    case pdu_bytes_item: out.pdu_bytes_max = in.u32(); break;
    case implementation_class_item: out.implementation_class = uid(item.value); break;
    case implementation_version_item: out.implementation_version = item.value; break;
    case window_item: {
      AsyncWindow window;
      window.invoked = in.u16();
      window.performed = in.u16();
      out.window = window;
      break;
    }
    case role_item: {
      RoleSelection role;
      role.sop_class = uid(in.counted());
      role.scu = in.u8();
      role.scp = in.u8();
      out.roles.push_back(std::move(role));
      break;
    }
    case extended_item: {
      ExtendedNegotiation extended;
      extended.sop_class = uid(in.counted());
      extended.information = in.rest();
      out.extended.push_back(std::move(extended));
      break;
    }
    case common_extended_item: out.common_extended.push_back(parse_common_extended(in)); break;
    case identity_item: {
      UserIdentity identity;
      identity.type = in.u8();
      identity.response_wanted = in.u8() != 0;
      identity.primary = in.counted();
      identity.secondary = in.counted();
      out.identity = std::move(identity);
      break;
    }
    case identity_response_item: out.identity_response = Bytes(in.counted()); break;
    default: break;
  }
  return in.ok();
}

bool parse_user(ByteView value, UserInformation& out) {
  Reader in(value);
  while (in.more()) {
    const ItemView item = next_item(in);
    if (!in.ok() || !parse_user_item(item, out)) return false;
  }
  return in.ok();
}

// The items of an A-ASSOCIATE-RQ or -AC after the fixed fields.
template <class Pdu>
Status parse_items(Reader& in, uint8_t context_item, uint32_t contexts_max, Pdu& out) {
  out.application_context.clear();
  while (in.more()) {
    const ItemView item = next_item(in);
    if (!in.ok()) return malformed("item length");
    if (item.type == application_context_item) {
      out.application_context = uid(item.value);
    } else if (item.type == context_item) {
      if (out.contexts.size() == contexts_max) {
        return make_error(Code::too_large, "more presentation contexts than allowed");
      }
      if (!parse_context(item.value, out.contexts.emplace_back())) {
        return malformed("presentation context");
      }
    } else if (item.type == user_information_item && !parse_user(item.value, out.user)) {
      return malformed("user information");
    }
  }
  return {};
}

}  // namespace

PduHeader parse_pdu_header(const char* bytes) {
  Reader in({bytes, kPduHeaderBytes});
  PduHeader out;
  out.type = in.u8();
  in.u8();
  out.length = in.u32();
  return out;
}

Result<AssociateRq> parse_associate_rq(ByteView body, uint32_t contexts_max) {
  Reader in(body);
  AssociateRq out;
  out.fixed = parse_fixed(in);
  if (!in.ok()) return malformed("A-ASSOCIATE-RQ");
  MEDARC_TRY(parse_items(in, proposed_context_item, contexts_max, out));
  return out;
}

Result<AssociateAc> parse_associate_ac(ByteView body) {
  Reader in(body);
  AssociateAc out;
  out.fixed = parse_fixed(in);
  if (!in.ok()) return malformed("A-ASSOCIATE-AC");
  MEDARC_TRY(parse_items(in, answered_context_item, 256, out));
  return out;
}

Result<AssociateRj> parse_associate_rj(ByteView body) {
  Reader in(body);
  in.u8();
  AssociateRj out;
  out.result = in.u8();
  out.source = in.u8();
  out.reason = in.u8();
  if (!in.ok()) return malformed("A-ASSOCIATE-RJ");
  return out;
}

Result<Abort> parse_abort(ByteView body) {
  Reader in(body);
  in.u16();
  Abort out;
  out.source = in.u8();
  out.reason = in.u8();
  if (!in.ok()) return malformed("A-ABORT");
  return out;
}

std::optional<PdvHeader> parse_pdv_header(const char* bytes) {
  Reader in({bytes, kPdvHeaderBytes});
  const uint32_t length = in.u32();
  if (length < 2) return std::nullopt;
  PdvHeader out;
  out.fragment_bytes = length - 2;
  out.context_id = in.u8();
  const uint8_t control = in.u8();
  out.command = (control & 1) != 0;
  out.last = (control & 2) != 0;
  return out;
}

Result<std::vector<Pdv>> parse_p_data(ByteView body) {
  std::vector<Pdv> out;
  Reader in(body);
  while (in.more()) {
    const ByteView head = in.take(kPdvHeaderBytes);
    if (!in.ok()) return malformed("P-DATA-TF");
    const auto header = parse_pdv_header(head.data());
    if (!header) return malformed("presentation data value");
    const ByteView fragment = in.take(header->fragment_bytes);
    if (!in.ok()) return malformed("presentation data value length");
    out.push_back({header->context_id, header->command, header->last, fragment});
  }
  return out;
}

std::string_view trim_title(std::string_view title) {
  const auto blank = [](char c) { return c == ' ' || c == '\0'; };
  while (!title.empty() && blank(title.back())) title.remove_suffix(1);
  while (!title.empty() && blank(title.front())) title.remove_prefix(1);
  return title;
}

}  // namespace medarc::dicom::ul
