#include "security/signed_token.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace medarc::security {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 8;
constexpr double kSecondsMax = 1e11;  // the year 5138: whatever is later is no time
constexpr int64_t kSecondUs = 1'000'000;

Error invalid(const char* what) {
  return make_error(Code::unauthenticated, std::string("the token ") + what);
}

std::optional<json::object> object_of(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  json::value parsed = json::parse({text->data(), text->size()}, failed, {}, options);
  if (failed || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// A NumericDate in microseconds; nullopt: there is none, or no number that could be one.
std::optional<int64_t> time_at(const json::object& claims, std::string_view name) {
  const json::value* found = claims.if_contains(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const double seconds = found->is_int64()    ? static_cast<double>(found->get_int64())
                         : found->is_uint64() ? static_cast<double>(found->get_uint64())
                                              : found->get_double();
  if (!(seconds >= 0 && seconds <= kSecondsMax)) return std::nullopt;
  return static_cast<int64_t>(seconds * static_cast<double>(kSecondUs));
}

bool same_type(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (type.starts_with("application/")) type.erase(0, 12);
  return type == "jwt" || type == "at+jwt";
}

}  // namespace

bool looks_signed(std::string_view token) {
  return std::count(token.begin(), token.end(), '.') == 2 && token.starts_with("ey");
}

Result<SignedToken> read_token(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return invalid("is not well-formed");
  }
  auto header = object_of(token.substr(0, first));
  auto claims = object_of(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return invalid("is not well-formed");
  if (header->contains("crit")) return invalid("wants an extension that is not known");
  if (header->contains("typ") && !same_type(text_at(*header, "typ"))) {
    return invalid("is of another type");
  }
  SignedToken out;
  out.algorithm = algorithm_of(text_at(*header, "alg"));
  out.key_id = text_at(*header, "kid");
  out.claims = std::move(*claims);
  out.signed_text = token.substr(0, second);
  out.signature = std::move(*signature);
  return out;
}

Status check_claims(const json::object& claims, const WantedClaims& wanted, Timestamp now) {
  if (text_at(claims, "iss") != wanted.issuer) return invalid("is of another issuer");
  const json::value* audience = claims.if_contains("aud");
  const auto is_ours = [&](const json::value& one) {
    return one.is_string() && one.get_string() == wanted.audience;
  };
  const bool ours = audience != nullptr &&
                    (audience->is_array() ? std::any_of(audience->get_array().begin(),
                                                        audience->get_array().end(), is_ours)
                                          : is_ours(*audience));
  if (!ours) return invalid("is for another audience");
  const int64_t leeway_us = wanted.leeway_s * kSecondUs;
  const auto until = time_at(claims, "exp"), from = time_at(claims, "nbf");
  if (!until) return invalid("says not how long it is good");
  if (now.us >= *until + leeway_us) return invalid("has expired");
  if (!from && (wanted.not_before || claims.contains("nbf"))) {
    return invalid("says not from when on it is good");
  }
  if (from && now.us < *from - leeway_us) return invalid("is not good yet");
  return {};
}

std::vector<std::string> claim_texts(const json::object& claims, std::string_view path) {
  const json::object* at = &claims;
  const json::value* found = at->if_contains(path);  // a name with points in it comes first
  while (found == nullptr) {
    const size_t point = path.find('.');
    if (point == std::string_view::npos) return {};
    const json::value* below = at->if_contains(path.substr(0, point));
    if (below == nullptr || !below->is_object()) return {};
    at = &below->get_object();
    path.remove_prefix(point + 1);
    found = at->if_contains(path);
  }
  std::vector<std::string> out;
  if (found->is_array()) {
    for (const json::value& one : found->get_array()) {
      if (one.is_string()) out.emplace_back(one.get_string());
    }
  } else if (found->is_string()) {
    const std::string_view text(found->get_string());
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(' ', begin), text.size());
      if (end > begin) out.emplace_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return out;
}

}  // namespace medarc::security
