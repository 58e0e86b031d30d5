// Settings, from the audit entries that make them.
#include "index/apply.h"
#include "index/setting.h"

namespace medarc::index {

void Group::take_setting(const SettingChange& change) {
  const Bytes row_key = key::setting(change.table, change.name);
  if (!change.value) {
    batch_.remove(Table::rows, row_key);
    return;
  }
  batch_.put(Table::rows, row_key,
             encode(SettingRow{change.table, change.name, *change.value, number_.value, time_}));
}

}  // namespace medarc::index
