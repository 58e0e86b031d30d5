#include "web/genomics/drs_id.h"

#include <array>

namespace medarc::web {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"file", "patient", "sample", "patient.sample"};
constexpr char kMark = '~';
constexpr size_t kDigestBytes = 64;  // as hex

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (plain(c)) {
      out += c;
    } else {
      out += kMark + to_hex(ByteView(&c, 1));
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != kMark) {
      if (!plain(text[at])) return std::nullopt;
      out += text[at];
      continue;
    }
    const auto octet = from_hex(text.substr(at + 1, 2));
    if (!octet || octet->size() != 1 || plain((*octet)[0])) return std::nullopt;
    out += *octet;
    at += 2;
  }
  return out;
}

// Lower-case digits only: one thing has one id.
std::optional<Digest> digest_of(std::string_view text) {
  auto digest = Digest::from_hex(text);
  return digest && digest->hex() == text ? digest : std::nullopt;
}

}  // namespace

std::optional<DrsId> parse_drs_id(std::string_view text) {
  const size_t mark = text.find(kMark);
  if (text.empty()) return std::nullopt;
  if (mark == std::string_view::npos) {
    return DrsId{DrsId::Kind::file, std::string(text), std::nullopt};
  }
  DrsId out;
  size_t kind = 0;
  while (kind < kKinds.size() && kKinds[kind] != text.substr(0, mark)) ++kind;
  if (kind == kKinds.size()) return std::nullopt;
  out.kind = static_cast<DrsId::Kind>(kind);
  std::string_view rest = text.substr(mark + 1);
  const size_t last = rest.rfind(kMark);
  if (last != std::string_view::npos && rest.size() - last - 1 == kDigestBytes) {
    out.digest = digest_of(rest.substr(last + 1));
    if (!out.digest) return std::nullopt;
    rest = rest.substr(0, last);
  }
  auto name = unescaped(rest);
  if (!name || name->empty()) return std::nullopt;
  out.name = std::move(*name);
  return out;
}

std::string to_text(const DrsId& id) {
  std::string out(kKinds[static_cast<size_t>(id.kind)]);
  out += kMark + escaped(id.name);
  if (id.digest) out += kMark + id.digest->hex();
  return out;
}

DrsId drs_id_of(const genomics::FileId& file, const Digest& blob) {
  return {DrsId::Kind::file, file.value, blob};
}

}  // namespace medarc::web
