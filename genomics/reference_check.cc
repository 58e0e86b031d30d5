// A header's sequences against the registry (References::check).
#include <algorithm>
#include <charconv>

#include "genomics/references.h"

namespace medarc::genomics {
namespace {

// The value of a field of a header line, "SN:chr1"; "" when it is not there.
std::string_view field_of(std::string_view line, std::string_view key) {
  for (size_t tab = line.find('\t'); tab != std::string_view::npos;
       tab = line.find('\t', tab + 1)) {
    const std::string_view field = line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1);
    if (field.size() > 2 && field.starts_with(key) && field[2] == ':') return field.substr(3);
  }
  return {};
}

void append_json_name(std::string& out, std::string_view name) {
  out += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  out += '"';
}

}  // namespace

std::vector<SequenceClaim> claims_of(std::string_view text) {
  std::vector<SequenceClaim> out;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("@SQ\t")) continue;
    SequenceClaim claim;
    claim.name = field_of(line, "SN");
    const std::string_view length = field_of(line, "LN");
    std::from_chars(length.data(), length.data() + length.size(), claim.letters);
    const auto md5 = from_hex(field_of(line, "M5"));
    if (md5 && md5->size() == 16) claim.md5_hex = to_hex(*md5);
    out.push_back(std::move(claim));
  }
  return out;
}

Result<ReferenceReport> References::check(const std::vector<SequenceClaim>& claims) {
  ReferenceReport out;
  if (claims.size() > limits_.references_checked_max) {
    out.checked = false;
    return out;
  }
  std::vector<std::shared_ptr<const SequenceFile>> files;  // that have one of them
  std::vector<const SequenceClaim*> open;                  // neither known nor of another length
  for (const SequenceClaim& claim : claims) {
    if (claim.md5_hex.empty()) {
      ++out.without_md5;
      open.push_back(&claim);
      continue;
    }
    const SequencePlace* found = nullptr;
    const auto look = [&](const SequenceFile& file) {
      const auto at = file.by_md5.find(claim.md5_hex);
      if (at != file.by_md5.end()) found = &file.places.sequences[at->second];
      return found != nullptr;
    };
    if (std::none_of(files.begin(), files.end(), [&](const auto& f) { return look(*f); })) {
      MEDARC_ASSIGN(const auto rows, rows_of(md5_identity(claim.md5_hex), 1));
      if (!rows.empty()) {
        MEDARC_ASSIGN(files.emplace_back(), load(rows.front()));
        out.files.push_back(rows.front().id);
        look(*files.back());
      }
    }
    if (found == nullptr) {
      out.unknown.push_back(claim);
      open.push_back(&claim);
    } else if (found->letters == claim.letters) {
      ++out.known;
    } else {
      out.mismatched.push_back(claim.name);
    }
  }
  // A file counts as the header's reference when it has one of its sequences under its name.
  std::erase_if(files, [&](const auto& file) {
    return std::none_of(claims.begin(), claims.end(), [&](const SequenceClaim& claim) {
      const auto at = file->by_md5.find(claim.md5_hex);
      return at != file->by_md5.end() && file->places.sequences[at->second].name == claim.name;
    });
  });
  for (const SequenceClaim* claim : open) {
    const bool other = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      const auto at = file->by_name.find(claim->name);
      if (at == file->by_name.end()) return false;
      return !claim->md5_hex.empty() ||
             file->places.sequences[at->second].letters != claim->letters;
    });
    if (other) out.mismatched.push_back(claim->name);
  }
  return out;
}

std::string ReferenceReport::json(size_t names_max) const {
  if (!checked) return R"({"notChecked":"more sequences than genomics.references_checked_max"})";
  std::string out = "{\"known\":" + std::to_string(known) +
                    ",\"unknown\":" + std::to_string(unknown.size()) +
                    ",\"withoutM5\":" + std::to_string(without_md5) + ",\"mismatched\":[";
  for (size_t i = 0; i < std::min(mismatched.size(), names_max); ++i) {
    if (i > 0) out += ',';
    append_json_name(out, mismatched[i]);
  }
  out += "],\"unknownM5\":[";
  for (size_t i = 0; i < std::min(unknown.size(), names_max); ++i) {
    if (i > 0) out += ',';
    append_json_name(out, unknown[i].md5_hex);
  }
  out += "],\"files\":[";
  for (size_t i = 0; i < std::min(files.size(), names_max); ++i) {
    if (i > 0) out += ',';
    append_json_name(out, files[i].value);
  }
  return out + "]}";
}

}  // namespace medarc::genomics
