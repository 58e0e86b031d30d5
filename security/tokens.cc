#include "security/tokens.h"

#include <argon2.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "archive/hash.h"
#include "security/policy.h"

namespace medarc::security {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string text_of(const Config::Table& table, const std::string& key) {
  const auto found = table.find(key);
  return found == table.end() ? std::string() : found->second;
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view want = "bearer";
  return scheme.size() == want.size() && std::equal(scheme.begin(), scheme.end(), want.begin(),
                                                    [](char a, char b) { return (a | 0x20) == b; });
}

argon2_type type_of(const std::string& encoded) {
  if (encoded.starts_with("$argon2i$")) return Argon2_i;
  if (encoded.starts_with("$argon2d$")) return Argon2_d;
  return Argon2_id;
}

Principal principal_of(const std::string& name, const std::set<Role>& roles) {
  Principal who;
  who.id = "token:" + name;
  who.roles = roles;
  return who;
}

Error unauthenticated() {
  return make_error(Code::unauthenticated, "send a valid token: Authorization: Bearer <token>");
}

}  // namespace

Result<std::set<Role>> parse_roles(std::string_view text, std::string_view where) {
  std::set<Role> out;
  for (;;) {
    const size_t end = text.find(',');
    const std::string_view one = trim(text.substr(0, end));
    const std::optional<Role> role = role_of(one);
    if (!role) {
      return make_error(Code::invalid_argument,
                        std::string(where) + ": no such role: '" + std::string(one) + "'");
    }
    out.insert(*role);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

Result<TokenStore> TokenStore::from(const std::vector<Config::Table>& tables) {
  TokenStore store;
  for (size_t i = 0; i < tables.size(); ++i) {
    const Config::Table& table = tables[i];
    Token token;
    token.name = text_of(table, "name");
    const std::string where =
        "security.token " + (token.name.empty() ? std::to_string(i + 1) : token.name);
    auto wrong = [&](std::string_view what) {
      return make_error(Code::invalid_argument, where + ": " + std::string(what));
    };
    for (const auto& [key, value] : table) {
      if (key != "name" && key != "role" && key != "sha256" && key != "argon2") {
        return wrong("no such key: " + key);
      }
    }
    if (token.name.empty()) return wrong("a name is needed");
    for (const Token& other : store.tokens_) {
      if (other.name == token.name) return wrong("the name is given twice");
    }
    MEDARC_ASSIGN(token.roles, parse_roles(text_of(table, "role"), where));
    const std::string sha256 = text_of(table, "sha256");
    token.argon2 = text_of(table, "argon2");
    if (sha256.empty() == token.argon2.empty()) return wrong("give either sha256 or argon2");
    if (!sha256.empty()) {
      token.sha256 = Digest::from_hex(sha256);
      if (!token.sha256) return wrong("sha256 must be 64 hex digits");
    } else if (!token.argon2.starts_with("$argon2")) {
      return wrong("argon2 must be an encoded hash: $argon2id$v=19$m=…,t=…,p=…$salt$hash");
    } else if (argon2_verify(token.argon2.c_str(), "", 0, type_of(token.argon2)) !=
               ARGON2_VERIFY_MISMATCH) {
      return wrong("argon2 is not a usable hash (an empty token is none either)");
    }
    store.tokens_.push_back(std::move(token));
  }
  return store;
}

int TokenStore::find_slow(std::string_view token, const Digest& digest) const {
  std::lock_guard lock(remembered_->mutex);
  if (auto known = remembered_->answers.find(digest); known != remembered_->answers.end()) {
    return known->second;
  }
  int found = -1;
  for (size_t i = 0; i < tokens_.size() && found < 0; ++i) {
    const std::string& encoded = tokens_[i].argon2;
    if (encoded.empty()) continue;
    if (argon2_verify(encoded.c_str(), token.data(), token.size(), type_of(encoded)) == ARGON2_OK) {
      found = static_cast<int>(i);
    }
  }
  remembered_->answers.emplace(digest, found);
  remembered_->order.push_back(digest);
  if (remembered_->order.size() > kRememberedMax) {
    remembered_->answers.erase(remembered_->order.front());
    remembered_->order.pop_front();
  }
  return found;
}

Result<std::string_view> bearer_token(std::string_view authorization) {
  authorization = trim(authorization);
  const size_t blank = authorization.find(' ');
  if (blank == std::string_view::npos || !is_bearer(authorization.substr(0, blank))) {
    return unauthenticated();
  }
  return trim(authorization.substr(blank));
}

Result<Principal> TokenStore::find(std::string_view token) const {
  MEDARC_ASSIGN(const Token* found, match(token));
  return principal_of(found->name, found->roles);
}

Result<Principal> TokenStore::find_named(std::string_view name, std::string_view token) const {
  MEDARC_ASSIGN(const Token* found, match(token));
  if (found->name != name) return unauthenticated();
  return principal_of(found->name, found->roles);
}

Result<Principal> TokenStore::named(std::string_view name) const {
  for (const Token& token : tokens_) {
    if (token.name == name) return principal_of(token.name, token.roles);
  }
  return unauthenticated();
}

Result<const TokenStore::Token*> TokenStore::match(std::string_view token) const {
  if (token.empty() || token.size() > kTokenBytesMax) return unauthenticated();
  const Digest digest = archive::Sha256::of(token);
  int found = -1;
  bool any_argon2 = false;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    any_argon2 |= !tokens_[i].argon2.empty();
    if (!tokens_[i].sha256) continue;
    const ByteView have = tokens_[i].sha256->view();
    if (CRYPTO_memcmp(have.data(), digest.view().data(), have.size()) == 0) {
      found = static_cast<int>(i);
    }
  }
  if (found < 0 && any_argon2) found = find_slow(token, digest);
  if (found < 0) return unauthenticated();
  return &tokens_[static_cast<size_t>(found)];
}

}  // namespace medarc::security
