// Bearer tokens from the configuration: who shows one, is its principal.
//
// Tokens are kept as digests only. SHA-256 is for random tokens of 128 bits or more; what a person
// chose belongs under argon2id. Comparing takes the same time wherever texts differ. Argon2 is slow
// on purpose, so one verification runs at a time and its answer is remembered, right or wrong.
//
// Thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/config.h"
#include "security/principal.h"

namespace medarc::security {

// "clinician, radiologist" as roles; invalid_argument names what is wrong with `where`.
Result<std::set<Role>> parse_roles(std::string_view text, std::string_view where);

inline constexpr std::string_view kTokensMeaning =
    "Who may use the HTTP doors: name, role (one, or several with commas), and "
    "sha256 (hex digits of the token's digest) or argon2 (encoded hash).";

// What follows "Bearer" in an Authorization header, in any case; unauthenticated: something else.
Result<std::string_view> bearer_token(std::string_view authorization);

class TokenStore {
 public:
  // Errors name the table, never its secret.
  static Result<TokenStore> from(const std::vector<Config::Table>& tables);
  bool empty() const { return tokens_.empty(); }
  // Whose token this is; door and peer are left to the caller. unauthenticated otherwise.
  Result<Principal> find(std::string_view token) const;
  // The principal of this name, whose token this must be. unauthenticated otherwise.
  Result<Principal> find_named(std::string_view name, std::string_view token) const;
  // The principal of this name, for those who have been told by somebody they trust.
  Result<Principal> named(std::string_view name) const;

  static constexpr size_t kTokenBytesMax = 1024;
  static constexpr size_t kRememberedMax = 1024;  // answers of argon2

 private:
  struct Token {
    std::string name;
    std::set<Role> roles;
    std::optional<Digest> sha256;
    std::string argon2;  // encoded, or empty
  };
  struct Remembered {
    std::mutex mutex;
    std::unordered_map<Digest, int> answers;  // index of the token, -1: none
    std::deque<Digest> order;
  };
  int find_slow(std::string_view token, const Digest& digest) const;
  Result<const Token*> match(std::string_view token) const;

  std::vector<Token> tokens_;
  std::shared_ptr<Remembered> remembered_ = std::make_shared<Remembered>();
};

}  // namespace medarc::security
