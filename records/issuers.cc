#include "records/issuers.h"

namespace medarc::records {
namespace {

constexpr std::string_view kPrefix = "urn:medarc:issuer:";
constexpr std::string_view kHex = "0123456789ABCDEF";

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool is_uri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon + 1 == text.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) <= 0x20) return false;
    if (i < colon && !letter(c) && !(i > 0 && (digit(c) || c == '+' || c == '-' || c == '.'))) {
      return false;
    }
  }
  return true;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (letter(c) || digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<uint8_t>(c) >> 4];
      out += kHex[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (auto byte = from_hex(text.substr(i + 1, 2)); byte && *byte != std::string(1, '\0')) {
        out += *byte;
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

Result<Issuers> Issuers::from(Config& config) {
  Issuers out;
  for (const Config::Table& table : config.tables(
           "records.issuer",
           "Pairs of issuer (DICOM Issuer of Patient ID) and system (FHIR Identifier.system).")) {
    auto text = [&](const std::string& key) {
      const auto found = table.find(key);
      return found == table.end() ? std::string() : found->second;
    };
    const std::string issuer = text("issuer"), system = text("system");
    if (issuer.empty() || system.empty()) {
      return make_error(Code::invalid_argument, "records.issuer: give both issuer and system");
    }
    if (!out.systems_.emplace(issuer, system).second ||
        !out.issuers_.emplace(system, issuer).second) {
      return make_error(Code::invalid_argument,
                        "records.issuer: an issuer or a system is given twice");
    }
  }
  return out;
}

std::string Issuers::system_of(std::string_view issuer) const {
  if (const auto found = systems_.find(issuer); found != systems_.end()) return found->second;
  if (issuer.empty() || is_uri(issuer)) return std::string(issuer);
  return std::string(kPrefix) + encoded(issuer);
}

std::string Issuers::issuer_of(std::string_view system) const {
  if (const auto found = issuers_.find(system); found != issuers_.end()) return found->second;
  if (system.starts_with(kPrefix)) return decoded(system.substr(kPrefix.size()));
  return std::string(system);
}

}  // namespace medarc::records
