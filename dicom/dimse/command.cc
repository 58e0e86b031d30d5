#include "dicom/dimse/command.h"

#include "base/codec.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom::dimse {
namespace {

// Elements of group 0000 by element number.
enum Element : uint16_t {
  group_length = 0x0000,
  affected_sop_class = 0x0002,
  requested_sop_class = 0x0003,
  command_field = 0x0100,
  message_id = 0x0110,
  message_id_responded_to = 0x0120,
  move_destination = 0x0600,
  priority = 0x0700,
  dataset_type = 0x0800,
  status = 0x0900,
  error_comment = 0x0902,
  affected_sop_instance = 0x1000,
  requested_sop_instance = 0x1001,
  event_type = 0x1002,
  attribute_list = 0x1005,
  action_type = 0x1008,
  suboperations_remaining = 0x1020,
  suboperations_completed = 0x1021,
  suboperations_failed = 0x1022,
  suboperations_warning = 0x1023,
  move_originator = 0x1030,
  move_originator_id = 0x1031,
};

constexpr size_t kCommentCharactersMax = 64;  // LO

std::string text(ByteView v) {
  while (!v.empty() && (v.back() == '\0' || v.back() == ' ')) v.remove_suffix(1);
  return std::string(v);
}

std::optional<uint16_t> number(ByteView v) {
  if (v.size() != 2) return std::nullopt;
  return Decoder(v).fixed<uint16_t>();
}

std::vector<uint32_t> tags(ByteView v) {
  std::vector<uint32_t> out;
  for (; v.size() >= 4; v.remove_prefix(4)) {
    Decoder one(v);
    const uint32_t group = one.fixed<uint16_t>();
    out.push_back(group << 16 | one.fixed<uint16_t>());
  }
  return out;
}

void put(Encoder& out, Element element, ByteView value, char padding) {
  out.fixed<uint16_t>(0);
  out.fixed<uint16_t>(element);
  const size_t padded = value.size() + value.size() % 2;
  out.fixed<uint32_t>(static_cast<uint32_t>(padded));
  out.raw(value);
  if (padded != value.size()) out.raw({&padding, 1});
}

void put(Encoder& out, Element element, uint16_t value) {
  const char bytes[2] = {static_cast<char>(value), static_cast<char>(value >> 8)};
  put(out, element, {bytes, 2}, '\0');
}

Suboperations& suboperations(Command& command) {
  if (!command.suboperations) command.suboperations.emplace();
  return *command.suboperations;
}

// LO in the default repertoire: no backslash, no controls, nothing above 126.
std::string clean_comment(std::string_view comment) {
  std::string out(comment.substr(0, kCommentCharactersMax));
  for (char& c : out) {
    if (c < ' ' || c > '~' || c == '\\') c = '?';
  }
  return out;
}

}  // namespace

Result<Command> parse_command(ByteView bytes) {
  Command out;
  bool field_seen = false;
  Decoder in(bytes);
  while (in.ok() && !in.rest().empty()) {
    const auto group = in.fixed<uint16_t>();
    const auto element = in.fixed<uint16_t>();
    const ByteView value = in.raw(in.fixed<uint32_t>());
    if (!in.ok()) break;
    if (group != 0) return make_error(Code::invalid_argument, "command element outside group 0000");
    switch (element) {
      case command_field:
        out.field = number(value).value_or(0);
        field_seen = number(value).has_value();
        break;
      case message_id: out.message_id = number(value); break;
      case message_id_responded_to: out.message_id_responded_to = number(value); break;
      case dataset_type: out.dataset_type = number(value).value_or(kNoDataset); break;
      case status: out.status = number(value); break;
      case error_comment: out.error_comment = text(value); break;
      case affected_sop_class:
      case requested_sop_class: out.sop_class = text(value); break;
      case move_destination: out.move_destination = text(value); break;
      case move_originator: out.move_originator = text(value); break;
      case move_originator_id: out.move_originator_id = number(value); break;
      case suboperations_remaining: suboperations(out).remaining = number(value).value_or(0); break;
      case suboperations_completed: suboperations(out).completed = number(value).value_or(0); break;
      case suboperations_failed: suboperations(out).failed = number(value).value_or(0); break;
      case suboperations_warning: suboperations(out).warning = number(value).value_or(0); break;
      case event_type: out.event_type = number(value); break;
      case attribute_list: out.attributes = tags(value); break;
      case action_type: out.action_type = number(value); break;
      case affected_sop_instance:
      case requested_sop_instance: out.sop_instance = text(value); break;
      default: break;
    }
  }
  if (!in.ok()) return make_error(Code::invalid_argument, "command set cut short");
  if (!field_seen) return make_error(Code::invalid_argument, "command set without Command Field");
  const bool answers = out.is_response() || out.field == kCancelRq;
  if (answers ? !out.message_id_responded_to : !out.message_id) {
    return make_error(Code::invalid_argument, "command set without message id");
  }
  return out;
}

Bytes encode(const Command& command) {
  Encoder body;
  const bool requested =
      command.field == kActionRq || command.field == kSetRq || command.field == kNormalizedGetRq;
  if (!command.sop_class.empty()) {
    put(body, requested ? requested_sop_class : affected_sop_class, command.sop_class, '\0');
  }
  put(body, command_field, command.field);
  if (command.message_id) put(body, message_id, *command.message_id);
  if (command.message_id_responded_to) {
    put(body, message_id_responded_to, *command.message_id_responded_to);
  }
  if (!command.move_destination.empty()) put(body, move_destination, command.move_destination, ' ');
  const bool takes_priority = command.field == kStoreRq || command.field == kFindRq ||
                              command.field == kMoveRq || command.field == kGetRq;
  if (takes_priority) put(body, priority, uint16_t{0});  // medium
  put(body, dataset_type, command.dataset_type);
  if (command.status) put(body, status, *command.status);
  if (!command.error_comment.empty()) {
    put(body, error_comment, clean_comment(command.error_comment), ' ');
  }
  if (!command.sop_instance.empty()) {
    put(body, requested ? requested_sop_instance : affected_sop_instance, command.sop_instance,
        '\0');
  }
  if (command.event_type) put(body, event_type, *command.event_type);
  if (!command.attributes.empty()) {
    Encoder list;
    for (const uint32_t tag : command.attributes) {
      list.fixed(static_cast<uint16_t>(tag >> 16));
      list.fixed(static_cast<uint16_t>(tag));
    }
    put(body, attribute_list, list.view(), '\0');
  }
  if (command.action_type) put(body, action_type, *command.action_type);
  if (const auto& s = command.suboperations) {
    if (command.status == kPending || command.status == kCancelled) {
      put(body, suboperations_remaining, s->remaining);
    }
    put(body, suboperations_completed, s->completed);
    put(body, suboperations_failed, s->failed);
    put(body, suboperations_warning, s->warning);
  }
  if (!command.move_originator.empty()) put(body, move_originator, command.move_originator, ' ');
  if (command.move_originator_id) put(body, move_originator_id, *command.move_originator_id);

  Encoder out;
  out.fixed<uint16_t>(0);
  out.fixed<uint16_t>(group_length);
  out.fixed<uint32_t>(4);
  out.fixed<uint32_t>(static_cast<uint32_t>(body.view().size()));
  out.raw(body.view());
  return out.take();
}

Command response_to(const Command& request, uint16_t status_code, std::string comment) {
  Command out;
  out.field = request.field | kResponseBit;
  out.message_id_responded_to = request.message_id;
  out.status = status_code;
  out.sop_class = request.sop_class;
  out.sop_instance = request.sop_instance;
  out.event_type = request.event_type;
  out.action_type = request.action_type;
  out.error_comment = std::move(comment);
  return out;
}

}  // namespace medarc::dicom::dimse
