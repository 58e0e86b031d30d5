#include "index/setting.h"

#include <algorithm>

#include "index/row_codec.h"
#include "index/row_reader.h"

namespace medarc::index {
namespace {

constexpr char kSettingRow = 0x1B;
constexpr size_t kNameBytesMax = 200;
constexpr std::string_view kSet = "set", kUnset = "unset", kObject = "setting/";

bool is_table(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && text.find('\0') == std::string_view::npos;
}

Result<RecordAudit> make(AuditEntry who, std::string_view action, std::string_view table,
                         std::string_view name, Bytes value) {
  if (!is_table(table) || !is_name(name) || value.size() > kSettingValueBytesMax) {
    return make_error(Code::invalid_argument, "no name, or too long a value, of a setting");
  }
  who.time = now();
  who.action = action;
  who.object = std::string(kObject).append(table).append("/").append(name);
  who.detail = std::move(value);
  return RecordAudit{std::move(who)};
}

}  // namespace

namespace key {

Bytes setting(std::string_view table, std::string_view name) {
  return Bytes(1, kSettingRow) + join({table, name});
}

}  // namespace key

Result<RecordAudit> set_setting(AuditEntry who, std::string_view table, std::string_view name,
                                Bytes value) {
  return make(std::move(who), kSet, table, name, std::move(value));
}

Result<RecordAudit> unset_setting(AuditEntry who, std::string_view table, std::string_view name) {
  return make(std::move(who), kUnset, table, name, {});
}

std::optional<SettingChange> read_setting(const AuditEntry& entry) {
  const bool set = entry.action == kSet;
  if ((!set && entry.action != kUnset) || !entry.allowed || !entry.object.starts_with(kObject)) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(entry.object).substr(kObject.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view table = rest.substr(0, slash), name = rest.substr(slash + 1);
  if (!is_table(table) || !is_name(name)) return std::nullopt;
  return SettingChange{std::string(table), std::string(name),
                       set ? std::optional(entry.detail) : std::nullopt};
}

Result<std::vector<SettingRow>> settings_of(View& view, std::string_view table) {
  MEDARC_ASSIGN(RowReader* const rows, rows_of(view));
  std::vector<SettingRow> out;
  Status decoded;
  MEDARC_TRY(rows->values(Table::rows, key::setting(table, ""), [&](ByteView, ByteView value) {
    auto row = decode_setting(value);
    if (row.has_error()) {
      decoded = row.error();
      return false;
    }
    out.push_back(std::move(*row));
    return true;
  }));
  MEDARC_TRY(decoded);
  return out;
}

Bytes encode(const SettingRow& r) {
  Encoder out = start_row();
  out.bytes(r.table);
  out.bytes(r.name);
  out.bytes(r.value);
  out.varint(r.version);
  out.zigzag(r.changed.us);
  return out.take();
}

Result<SettingRow> decode_setting(ByteView value) {
  return decode_row<SettingRow>(value, "setting", [](SettingRow& r, Decoder&, StrictDecoder& s) {
    r.table = s.text();
    r.name = s.text();
    r.value = s.text();
    r.version = s.varint();
    r.changed.us = s.zigzag();
  });
}

}  // namespace medarc::index
