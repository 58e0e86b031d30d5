#include "security/issuers.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "base/log.h"
#include "security/secret_file.h"
#include "security/signed_token.h"
#include "security/tokens.h"

namespace medarc::security {
namespace {

using Keys = std::vector<VerifyKey>;
using FileTime = std::filesystem::file_time_type;

Error refused(const char* what) {
  return make_error(Code::unauthenticated, std::string("the token ") + what);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (const auto one = trimmed(text.substr(0, comma)); !one.empty()) out.emplace_back(one);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

struct Issuer {
  std::string name, keys_file, secret_file, user_claim = "sub", role_claim = "roles";
  WantedClaims wanted;
  std::set<Algorithm> algorithms;
  std::map<std::string, std::set<Role>> roles;
};

Result<Keys> load(const Issuer& of) {
  Keys out;
  if (!of.keys_file.empty()) {
    std::ifstream in(of.keys_file, std::ios::binary);
    Bytes text(kVerifyKeysBytesMax + 1, '\0');
    if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.is_open() || in.bad()) {
      return make_error(Code::invalid_argument, of.keys_file + ": this file cannot be read");
    }
    text.resize(static_cast<size_t>(in.gcount()));
    auto keys = read_verify_keys(text);
    if (keys.has_error()) {
      return make_error(Code::invalid_argument, of.keys_file + ": " + keys.error().text);
    }
    out = std::move(*keys);
  }
  if (!of.secret_file.empty()) {
    MEDARC_ASSIGN(std::string secret, read_secret(of.secret_file));
    auto key = VerifyKey::secret(std::move(secret));
    if (key.has_error()) {
      return make_error(Code::invalid_argument, of.secret_file + ": " + key.error().text);
    }
    out.push_back(std::move(*key));
  }
  // A set may have keys of one kind today and of another tomorrow.
  const bool any = std::any_of(out.begin(), out.end(), [&](const VerifyKey& key) {
    return of.algorithms.contains(key.algorithm());
  });
  if (!any) return make_error(Code::invalid_argument, "no key for any of its algorithms");
  return out;
}

// The keys of one issuer, as its files have them now.
class ReloadedKeys {
 public:
  ReloadedKeys(Issuer of, Keys keys, uint64_t check_ms)
      : of_(std::move(of)),
        check_(check_ms),
        stamps_(stamps()),
        keys_(std::make_shared<const Keys>(std::move(keys))),
        checked_(Clock::now()) {}

  const Issuer& issuer() const { return of_; }

  std::shared_ptr<const Keys> now() {
    std::lock_guard lock(mutex_);
    if (Clock::now() - checked_ < check_) return keys_;
    checked_ = Clock::now();
    const auto found = stamps();
    if (found == stamps_) return keys_;
    stamps_ = found;
    auto loaded = load(of_);
    if (loaded.has_error()) {
      log(Level::error, "issuer.reload_failed",
          {{"issuer", of_.name}, {"reason", loaded.error().text}});
    } else {
      log(Level::info, "issuer.reloaded", {{"issuer", of_.name}});
      keys_ = std::make_shared<const Keys>(std::move(*loaded));
    }
    return keys_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::pair<FileTime, FileTime> stamps() const {
    const auto of = [](const std::string& file) {
      std::error_code missing;
      const auto at = std::filesystem::last_write_time(file, missing);
      return missing ? FileTime::min() : at;
    };
    return {of(of_.keys_file), of(of_.secret_file)};
  }

  const Issuer of_;
  const std::chrono::milliseconds check_;
  std::mutex mutex_;
  std::pair<FileTime, FileTime> stamps_;
  std::shared_ptr<const Keys> keys_;
  Clock::time_point checked_;
};

class Reader {
 public:
  explicit Reader(const Config::Table& table) : table_(table) {}

  Result<Issuer> read() {
    static const std::set<std::string_view> known = {
        "name",       "issuer",     "audience", "algorithms", "keys_file", "secret_file",
        "user_claim", "role_claim", "roles",    "leeway_s",   "not_before"};
    for (const auto& [key, value] : table_) {
      if (!known.contains(key)) return wrong("no such key: " + key);
    }
    Issuer out;
    out.name = text("name", "");
    const bool plain = std::all_of(out.name.begin(), out.name.end(), [](char c) {
      return c > ' ' && c < 0x7F && c != ':' && c != '@';  // it is part of a principal
    });
    if (out.name.empty() || out.name.size() > 64 || !plain) {
      return wrong("a name of 1 to 64 characters without blanks, colons and @ is needed");
    }
    out.wanted.issuer = text("issuer", out.name);
    out.wanted.audience = text("audience", "");
    if (out.wanted.audience.empty()) return wrong("an audience is needed");
    out.keys_file = text("keys_file", "");
    out.secret_file = text("secret_file", "");
    for (const std::string& one : listed(text("algorithms", ""))) {
      const auto algorithm = algorithm_of(one);
      if (!algorithm) return wrong("no such algorithm: " + one);
      out.algorithms.insert(*algorithm);
    }
    if (out.algorithms.empty()) return wrong("algorithms are needed");
    const bool secret = out.algorithms.contains(Algorithm::hs256);
    if (secret == out.secret_file.empty()) return wrong("HS256 and secret_file go together");
    if ((out.algorithms.size() == (secret ? 1u : 0u)) != out.keys_file.empty()) {
      return wrong("RS256, ES256 and EdDSA go together with a keys_file");
    }
    out.user_claim = text("user_claim", out.user_claim);
    out.role_claim = text("role_claim", out.role_claim);
    for (const std::string& pair : listed(text("roles", ""))) {
      const size_t equals = pair.rfind('=');
      if (equals == std::string::npos || equals == 0) return wrong("roles are given as TEXT=ROLE");
      const auto name = trimmed(std::string_view(pair).substr(0, equals));
      MEDARC_ASSIGN(const std::set<Role> role, parse_roles(pair.substr(equals + 1), where()));
      out.roles[std::string(name)].insert(role.begin(), role.end());
    }
    if (out.roles.empty()) return wrong("roles are needed");
    const std::string leeway = text("leeway_s", "60"), before = text("not_before", "true");
    const auto [end, failed] =
        std::from_chars(leeway.data(), leeway.data() + leeway.size(), out.wanted.leeway_s);
    if (failed != std::errc() || end != leeway.data() + leeway.size() || out.wanted.leeway_s < 0 ||
        out.wanted.leeway_s > 300) {
      return wrong("leeway_s is a number from 0 to 300");
    }
    if (before != "true" && before != "false") return wrong("not_before is true or false");
    out.wanted.not_before = before == "true";
    return out;
  }

  std::string where() const { return "security.issuer " + text("name", ""); }
  Error wrong(const std::string& what) const {
    return make_error(Code::invalid_argument, where() + ": " + what);
  }

 private:
  std::string text(const char* key, const std::string& fallback) const {
    const auto found = table_.find(key);
    return found == table_.end() ? fallback : found->second;
  }
  const Config::Table& table_;
};

class ConfiguredIssuers final : public Issuers {
 public:
  uint64_t bytes_max = 8192, check_ms = 1000;
  std::vector<std::unique_ptr<ReloadedKeys>> all;

  bool empty() const override { return all.empty(); }
  bool takes(std::string_view token) const override { return !all.empty() && looks_signed(token); }

  Result<Principal> verify(std::string_view token, Timestamp now) const override {
    if (token.size() > bytes_max) return refused("is longer than security.token_bytes_max");
    MEDARC_ASSIGN(const SignedToken read, read_token(token));
    const auto issuers = claim_texts(read.claims, "iss");
    for (const auto& keys : all) {
      const Issuer& of = keys->issuer();
      // Whose word it is decides which keys and algorithms there are to choose from.
      if (issuers.size() != 1 || issuers[0] != of.wanted.issuer) continue;
      if (!read.algorithm || !of.algorithms.contains(*read.algorithm)) {
        return refused("is signed with another algorithm");
      }
      if (!signed_by(*keys->now(), read)) return refused("is not signed by its issuer");
      MEDARC_TRY(check_claims(read.claims, of.wanted, now));
      return principal_of(of, read);
    }
    return refused("is of no issuer that is known");
  }

 private:
  static bool signed_by(const Keys& keys, const SignedToken& token) {
    return std::any_of(keys.begin(), keys.end(), [&](const VerifyKey& key) {
      const bool meant = token.key_id.empty() || key.id().empty() || key.id() == token.key_id;
      return meant && key.algorithm() == *token.algorithm &&
             key.verifies(token.signed_text, token.signature);
    });
  }

  static Result<Principal> principal_of(const Issuer& of, const SignedToken& token) {
    const auto users = claim_texts(token.claims, of.user_claim);
    const bool usable = users.size() == 1 && users[0].size() <= kUserBytesMax &&
                        std::all_of(users[0].begin(), users[0].end(), [](char c) {
                          return static_cast<unsigned char>(c) > ' ' && c != 0x7F;
                        });
    if (!usable) return refused("names no user");
    Principal out;
    out.id = "jwt:" + of.name + ":" + users[0];
    for (const std::string& text : claim_texts(token.claims, of.role_claim)) {
      const auto meant = of.roles.find(text);
      if (meant != of.roles.end()) out.roles.insert(meant->second.begin(), meant->second.end());
    }
    return out;
  }
};

}  // namespace

Result<std::shared_ptr<const Issuers>> Issuers::from(Config& config) {
  auto out = std::make_shared<ConfiguredIssuers>();
  out->bytes_max = config.size("security.token_bytes_max", out->bytes_max,
                               "The longest signed token (JWT) that is looked at.", 512, 64u << 10);
  out->check_ms = config.size("security.keys_check_ms", out->check_ms,
                              "How long changed keys of issuers may stay unnoticed.", 0, 3'600'000);
  for (const Config::Table& table : config.tables("security.issuer", kIssuersMeaning)) {
    Reader reader(table);
    MEDARC_ASSIGN(Issuer one, reader.read());
    for (const auto& other : out->all) {
      if (other->issuer().name == one.name || other->issuer().wanted.issuer == one.wanted.issuer) {
        return reader.wrong("this name or issuer is given twice");
      }
    }
    auto keys = load(one);
    if (keys.has_error()) return reader.wrong(keys.error().text);
    out->all.push_back(
        std::make_unique<ReloadedKeys>(std::move(one), std::move(*keys), out->check_ms));
  }
  return std::shared_ptr<const Issuers>(std::move(out));
}

}  // namespace medarc::security
