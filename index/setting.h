// What administrators set while the server runs: a text for each name of a table, beside what the
// configuration file holds. What it means is decided above (dicom/administration).
//
// A setting is made by an audit entry of a form of its own, so who set what to what, and when, is
// part of the chain; `apply` keeps the last one of each name as a row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/index.h"

namespace medarc::index {

struct SettingRow {
  std::string table, name;
  Bytes value;
  uint64_t version = 0;  // the number of the commit that set it
  Timestamp changed;
};

inline constexpr size_t kSettingValueBytesMax = 64u << 10;

// Of one table, by name.
Result<std::vector<SettingRow>> settings_of(View& view, std::string_view table);

// As ops; `who` has the principal and the door. `table`: letters; `name`: 1 to 200 bytes, no NUL;
// `value`: at most kSettingValueBytesMax. invalid_argument otherwise. The last one set counts:
// whoever changes what was read before sees to it that nobody else does meanwhile.
Result<RecordAudit> set_setting(AuditEntry who, std::string_view table, std::string_view name,
                                Bytes value);
Result<RecordAudit> unset_setting(AuditEntry who, std::string_view table, std::string_view name);

// For apply: what an audit entry sets, if it does.
struct SettingChange {
  std::string table, name;
  std::optional<Bytes> value;  // nullopt: it is no more
};
std::optional<SettingChange> read_setting(const AuditEntry& entry);

Bytes encode(const SettingRow&);
Result<SettingRow> decode_setting(ByteView);  // corrupt

namespace key {
Bytes setting(std::string_view table, std::string_view name);
}  // namespace key

}  // namespace medarc::index
