#include "dicom/senders/uid_repair.h"

#include <algorithm>
#include <cctype>

#include "dicom/derived_uid.h"

namespace medarc::dicom::senders {
namespace {

constexpr size_t kUidBytesMax = 128;  // the standard says 64; some scanners send more

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Visits the components, empty ones too; false from `visit` stops and is the answer.
template <class F>
bool for_each_component(std::string_view uid, F visit) {
  while (true) {
    const size_t dot = std::min(uid.find('.'), uid.size());
    if (!visit(uid.substr(0, dot))) return false;
    if (dot == uid.size()) return true;
    uid.remove_prefix(dot + 1);
  }
}

std::string without_padding(std::string_view uid) {
  std::string out;
  for (const char c : uid) {
    if (c != ' ' && c != '\0') out += c;
  }
  return out;
}

std::string without_leading_zeros(std::string_view uid) {
  std::string out;
  for_each_component(uid, [&](std::string_view part) {
    if (std::all_of(part.begin(), part.end(), is_digit)) {
      while (part.size() > 1 && part[0] == '0') part.remove_prefix(1);
    }
    out += part;
    out += '.';
    return true;
  });
  out.pop_back();
  return out;
}

}  // namespace

bool storable_uid(std::string_view uid) {
  if (uid.empty() || uid.size() > kUidBytesMax || uid.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(uid.begin(), uid.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '.'; });
}

bool conformant_uid(std::string_view uid) {
  if (uid.size() > 64) return false;
  return for_each_component(uid, [](std::string_view part) {
    if (part.empty() || (part.size() > 1 && part[0] == '0')) return false;
    return std::all_of(part.begin(), part.end(), is_digit);
  });
}

std::optional<uint8_t> uid_step(std::string_view name) {
  if (name == "padding") return UidRepair::kPadding;
  if (name == "leading_zeros") return UidRepair::kLeadingZeros;
  if (name == "derive") return UidRepair::kDerive;
  return std::nullopt;
}

std::string repaired_uid(std::string_view uid, UidRepair repair) {
  std::string out(uid);
  if ((repair.steps & UidRepair::kPadding) != 0) out = without_padding(out);
  if (out.empty()) return out;
  if ((repair.steps & UidRepair::kLeadingZeros) != 0) out = without_leading_zeros(out);
  const bool unfit = (repair.steps & UidRepair::kDerive) != 0
                         ? !conformant_uid(out)
                         : (repair.steps & UidRepair::kDeriveUnstorable) != 0 && !storable_uid(out);
  return unfit ? derived_uid(out) : out;
}

std::string repaired_uids(std::string_view value, UidRepair repair) {
  std::string out;
  while (true) {
    const size_t end = std::min(value.find('\\'), value.size());
    std::string_view one = value.substr(0, end);
    // The padding to an even length belongs to the value and not to the UID.
    if (end == value.size() && !one.empty() && one.back() == '\0') one.remove_suffix(1);
    out += repaired_uid(one, repair);
    if (end == value.size()) return out;
    out += '\\';
    value.remove_prefix(end + 1);
  }
}

}  // namespace medarc::dicom::senders
