#include "index/keys.h"

#include "archive/hash.h"

namespace medarc::index {

std::string_view to_string(Table table) {
  switch (table) {
    case Table::meta: return "default";
    case Table::rows: return "rows";
    case Table::fields: return "fields";
    case Table::metadata: return "metadata";
    case Table::places: return "places";
    case Table::refs: return "refs";
    case Table::events: return "events";
    case Table::audit: return "audit";
    case Table::lookups: return "lookups";
  }
  return "";
}

Bytes below(ByteView parent_id) {
  Bytes out(parent_id);
  out += '\0';
  return out;
}

namespace key {
namespace {
constexpr char kIdentifierRow = 0x11;
constexpr char kVersionRow = 0x14;
constexpr char kTombstoneRow = 0x15;
constexpr char kRemovedWorkItemRow = 0x18;
constexpr char kSubscriberRow = 0x19;
constexpr size_t kShortNameBytes = 16;
}  // namespace

void append_be32(Bytes& out, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift);
}

void append_be64(Bytes& out, uint64_t v) {
  append_be32(out, static_cast<uint32_t>(v >> 32));
  append_be32(out, static_cast<uint32_t>(v));
}

uint32_t read_be32(ByteView in) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<uint8_t>(in[i]);
  return v;
}

uint64_t read_be64(ByteView in) {
  return static_cast<uint64_t>(read_be32(in)) << 32 | read_be32(in.substr(4));
}

void append_text(Bytes& out, ByteView value) {
  for (char c : value) {
    out += c;
    if (c == '\0') out += '\xFF';
  }
  out.append("\0\x01", 2);
}

std::optional<Bytes> take_text(ByteView& in) {
  Bytes out;
  for (size_t i = 0; i + 1 < in.size(); ++i) {
    if (in[i] != '\0') {
      out += in[i];
    } else if (in[i + 1] == '\xFF') {
      out += '\0';
      ++i;
    } else if (in[i + 1] == '\x01') {
      in.remove_prefix(i + 2);
      return out;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Bytes after_prefix(Bytes prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

Bytes row(Kind kind, ByteView id) {
  Bytes out(1, static_cast<char>(kind));
  out += id;
  return out;
}

Bytes identifier(const Identifier& identifier) {
  Bytes out(1, kIdentifierRow);
  append_text(out, identifier.issuer);
  append_text(out, identifier.id);
  return out;
}

Bytes versions(ByteView instance_id) {
  Bytes out(1, kVersionRow);
  out += instance_id;
  out += '\0';
  return out;
}

Bytes version(ByteView instance_id, uint32_t version) {
  Bytes out = versions(instance_id);
  append_be32(out, version);
  return out;
}

Bytes tombstone(ByteView id) {
  Bytes out(1, kTombstoneRow);
  out += id;
  return out;
}

Bytes removed_work_item(ByteView id) {
  Bytes out(1, kRemovedWorkItemRow);
  out += id;
  return out;
}

Bytes subscribers(ByteView aet) {
  Bytes out(1, kSubscriberRow);
  if (aet.empty()) return out;
  out += aet;
  out += '\0';
  return out;
}

Bytes subscriber(ByteView aet, ByteView target) {
  Bytes out = subscribers(aet);
  out += target;
  return out;
}

Bytes field_prefix(Kind kind, Tag tag) {
  Bytes out(1, static_cast<char>(kind));
  append_be32(out, tag.value);
  return out;
}

Bytes field_value(Kind kind, Tag tag, ByteView value) {
  Bytes out = field_prefix(kind, tag);
  append_text(out, value.substr(0, kFieldValueBytesMax));
  return out;
}

Bytes received(Kind kind, Timestamp received) {
  Bytes out = field_prefix(kind, kFieldReceived);
  append_be64(out, ~static_cast<uint64_t>(received.us));
  return out;
}

Bytes chunk(const Digest& chunk) {
  Bytes out("c");
  out += chunk.view();
  return out;
}

Bytes manifests(const Digest& blob) {
  Bytes out("m");
  out += blob.view();
  return out;
}

Bytes manifest(const Digest& blob, uint64_t first_offset) {
  Bytes out = manifests(blob);
  append_be64(out, first_offset);
  return out;
}

Bytes segment(uint32_t segment) {
  Bytes out("g");
  append_be32(out, segment);
  return out;
}

Owner owner(Kind kind, ByteView id, uint32_t version) {
  Bytes name = row(kind, id);
  if (kind == Kind::instance) append_be32(name, version);
  return Owner(archive::Sha256::of(name).view().substr(0, kShortNameBytes));
}

Bytes blob_references(const Digest& blob) {
  Bytes out("b");
  out += blob.view();
  return out;
}

Bytes blob_reference(const Digest& blob, const Owner& owner) {
  return blob_references(blob) + owner;
}

Bytes chunk_references(const Digest& chunk) {
  Bytes out("c");
  out += chunk.view();
  return out;
}

Bytes chunk_reference(const Digest& chunk, const Digest& blob) {
  Bytes out = chunk_references(chunk);
  out += blob.view().substr(0, kShortNameBytes);
  return out;
}

Bytes event(archive::CommitNumber number, uint32_t place) {
  Bytes out;
  append_be64(out, number.value);
  append_be32(out, place);
  return out;
}

}  // namespace key
}  // namespace medarc::index
