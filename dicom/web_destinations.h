// DICOMweb servers that routing delivers to by STOW-RS:
//
//   [[dicom.web_destination]]
//   name = "cloud"                  # what rules call it; not given: its URL
//   url = "https://archive.example/dicom-web"
//   token_file = "/etc/…"           # shown as a bearer token; or
//   basic_file = "/etc/…"           # user:password, for basic authentication
//   tls_authorities = "/etc/…"      # who must have signed its certificate; not given: [tls], else
//                                   # those that the system trusts
//   tls_certificate = "/etc/…"      # ours, and its key; not given: those of [tls], if there are
//   any tls_key = "/etc/…" tls_name = "archive.example"    # a name its certificate must bear; not
//   given: the URL's host timeout_ms = 30000              # without any byte moving
//   answer_timeout_ms = 300000      # from the last byte of a request to its whole answer
//   batch = 16                      # instances of one request at most
//   request_bytes = 268435456       # and how long it may become with more than one
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/config.h"
#include "base/result.h"
#include "security/tls.h"

namespace medarc::dicom {

struct WebDestination {
  std::string name;
  std::string host, path;  // of the URL; the path without a "/" behind it
  uint16_t port = 0;
  std::shared_ptr<security::TlsContext> tls = nullptr;  // null: http
  std::string tls_name = {};
  std::string token_file = {}, basic_file = {};
  uint32_t timeout_ms = 30'000;
  uint32_t answer_timeout_ms = 300'000;
  uint32_t batch = 16;
  uint64_t request_bytes = 256ull << 20;
};

// Immutable after it is read; thread-safe.
class WebDestinations {
 public:
  // invalid_argument: an unknown key, a URL that is none (http or https, without user, query and
  // fragment), numbers out of range, TLS files that cannot be used, credentials that would cross a
  // network unencrypted.
  static Result<WebDestinations> from(Config& config);
  // One table, with the files of [tls] in `config`.
  static Result<WebDestination> read(Config& config, const Config::Table& table);
  const WebDestination* find(const std::string& name) const;

 private:
  std::map<std::string, WebDestination> by_name_;
};

}  // namespace medarc::dicom
