#include "dicom/dictionary.h"

#include <dcmtk/config/osconfig.h>
// after osconfig.h
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <fmt/format.h>

#include <charconv>
#include <mutex>
#include <unordered_map>

namespace medarc::dicom {
namespace {

struct Entry {
  Vr vr{};
  bool us_or_ss = false;
  std::string keyword;
};

// A flat copy of DCMTK's dictionary: the scanner asks for a VR at every implicit element.
struct Dictionary {
  std::unordered_map<uint32_t, Entry> by_tag;
  std::unordered_map<std::string, uint32_t> by_keyword;
};

Dictionary g_dictionary;

// DCMTK's internal VRs to those of the standard. "OB or OW" is OW in implicit VR, the only encoding
// that asks here (PS3.5 A.1).
Vr standard_vr(const DcmVR& vr) {
  if (vr.getEVR() == EVR_ox || vr.getEVR() == EVR_px) return {'O', 'W'};
  const std::string name = vr.getValidVRName();
  if (name.size() == 2 && name != "??") return {name[0], name[1]};
  return {'U', 'N'};
}

void add(const DcmDictEntry& e) {
  if (e.getPrivateCreator() != nullptr) return;
  const uint32_t tag = uint32_t{e.getGroup()} << 16 | e.getElement();
  Entry entry{standard_vr(e.getVR()), e.getVR().getEVR() == EVR_xs, e.getTagName()};
  g_dictionary.by_keyword.emplace(entry.keyword, tag);
  g_dictionary.by_tag.emplace(tag, std::move(entry));
}

// Repeating groups (50xx, 60xx) share one entry.
uint32_t folded(uint32_t tag) {
  const uint32_t group = tag >> 16;
  if ((group & 0xFF00) == 0x5000 || (group & 0xFF00) == 0x6000) return (tag & 0xFF00FFFF);
  return tag;
}

const Entry* find(Tag tag) {
  auto it = g_dictionary.by_tag.find(tag.value);
  if (it == g_dictionary.by_tag.end()) it = g_dictionary.by_tag.find(folded(tag.value));
  return it == g_dictionary.by_tag.end() ? nullptr : &it->second;
}

}  // namespace

Status load_dictionary() {
  static std::once_flag once;
  std::call_once(once, [] {
    DcmDataDictionary& dictionary = dcmDataDict.wrlock();
    for (auto it = dictionary.normalBegin(); it != dictionary.normalEnd(); ++it) add(**it);
    for (auto it = dictionary.repeatingBegin(); it != dictionary.repeatingEnd(); ++it) add(**it);
    dcmDataDict.wrunlock();
  });
  if (g_dictionary.by_tag.size() < 3000) {
    return make_error(Code::internal,
                      "the DICOM dictionary is not installed; install the package libdcmtk17");
  }
  return {};
}

Vr vr_of(Tag tag) {
  const uint32_t group = tag.value >> 16, element = tag.value & 0xFFFF;
  if (group % 2 == 1) {
    return element >= 0x10 && element <= 0xFF ? Vr{'L', 'O'} : Vr{'U', 'N'};
  }
  if (element == 0) return {'U', 'L'};
  const Entry* e = find(tag);
  return e == nullptr ? Vr{'U', 'N'} : e->vr;
}

bool may_be_signed(Tag tag) {
  const Entry* e = find(tag);
  return e != nullptr && e->us_or_ss;
}

std::string keyword_of(Tag tag) {
  const Entry* e = find(tag);
  return e == nullptr ? std::string() : e->keyword;
}

std::optional<Tag> tag_of(std::string_view keyword) {
  auto it = g_dictionary.by_keyword.find(std::string(keyword));
  if (it == g_dictionary.by_keyword.end()) return std::nullopt;
  return Tag{it->second};
}

std::string uid_name(std::string_view uid) {
  const std::string text(uid);
  return dcmFindNameOfUID(text.c_str(), text.c_str());
}

std::optional<Tag> parse_tag(std::string_view text) {
  if (text.size() == 8) {
    uint32_t v = 0;
    auto [end, failed] = std::from_chars(text.data(), text.data() + 8, v, 16);
    if (failed == std::errc() && end == text.data() + 8) return Tag{v};
  }
  return tag_of(text);
}

std::string tag_hex(Tag tag) { return fmt::format("{:08X}", tag.value); }

}  // namespace medarc::dicom
