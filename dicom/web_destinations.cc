#include "dicom/web_destinations.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "security/peers.h"

namespace medarc::dicom {
namespace {

// Where Debian and its kin keep the authorities that a system trusts.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr size_t kNameBytesMax = 200;  // it becomes part of a queue's name

template <class T>
bool parse(std::string_view text, T& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size() && !text.empty();
}

class Reader {
 public:
  Reader(Config& config, const Config::Table& table) : config_(config), table_(table) {}

  Result<WebDestination> read() {
    static const std::set<std::string> known = {
        "name",          "url",        "token_file",        "basic_file", "tls_authorities",
        "tls_key",       "timeout_ms", "answer_timeout_ms", "batch",      "tls_certificate",
        "request_bytes", "tls_name"};
    for (const auto& [key, value] : table_) {
      if (!known.contains(key)) return wrong("no such key: " + key);
    }
    WebDestination out;
    out.name = text("name").empty() ? text("url") : text("name");
    const bool plain = std::all_of(out.name.begin(), out.name.end(), [](char c) {
      return c > ' ' && c < 0x7F && c != ',';  // rules list names with commas
    });
    if (out.name.empty() || out.name.size() > kNameBytesMax || !plain) {
      return wrong("a name of 1 to 200 printable characters without commas and blanks is needed");
    }
    MEDARC_ASSIGN(const bool encrypted, read_url(out));
    out.token_file = text("token_file");
    out.basic_file = text("basic_file");
    const bool credentials = !out.token_file.empty() || !out.basic_file.empty();
    if (!out.token_file.empty() && !out.basic_file.empty()) {
      return wrong("either token_file or basic_file");
    }
    if (credentials && !encrypted && !security::is_loopback(out.host) && out.host != "localhost") {
      return wrong("credentials leave this machine over https only");
    }
    if (encrypted) MEDARC_TRY(read_tls(out));
    MEDARC_TRY(number("timeout_ms", out.timeout_ms, 100u, 3'600'000u));
    MEDARC_TRY(number("answer_timeout_ms", out.answer_timeout_ms, 100u, 3'600'000u));
    MEDARC_TRY(number("batch", out.batch, 1u, 100u));
    MEDARC_TRY(number("request_bytes", out.request_bytes, uint64_t{1}, uint64_t{1} << 40));
    return out;
  }

 private:
  std::string text(const char* key) const {
    const auto found = table_.find(key);
    return found == table_.end() ? std::string() : found->second;
  }
  Error wrong(const std::string& what) const {
    const std::string name = text("name").empty() ? text("url") : text("name");
    return make_error(Code::invalid_argument, "dicom.web_destination " + name + ": " + what);
  }
  template <class T>
  Status number(const char* key, T& out, T min, T max) const {
    const std::string value = text(key);
    if (value.empty()) return {};
    if (!parse(value, out) || out < min || out > max) {
      return wrong(std::string(key) + " must be a number from " + std::to_string(min) + " to " +
                   std::to_string(max));
    }
    return {};
  }

  // Whether it is https.
  Result<bool> read_url(WebDestination& out) const {
    const std::string url = text("url");
    const auto no_url = [&] {
      return wrong("url must be http://HOST[:PORT]/PATH or https://…, without user and query");
    };
    const bool encrypted = url.starts_with("https://");
    if (!encrypted && !url.starts_with("http://")) return no_url();
    std::string_view rest = std::string_view(url).substr(encrypted ? 8 : 7);
    const bool odd = std::any_of(rest.begin(), rest.end(), [](char c) {
      return c <= ' ' || c >= 0x7F || c == '?' || c == '#' || c == '@' || c == '"' || c == '\\';
    });
    const size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    std::string_view path = rest.substr(slash);
    while (path.ends_with('/')) path.remove_suffix(1);
    out.path = path;
    out.port = encrypted ? 443 : 80;
    std::string_view host = authority, port;
    if (authority.starts_with('[')) {
      const size_t end = authority.find(']');
      if (end == std::string_view::npos) return no_url();
      host = authority.substr(1, end - 1);
      port = authority.substr(end + 1);
    } else if (const size_t colon = authority.find(':'); colon != std::string_view::npos) {
      host = authority.substr(0, colon);
      port = authority.substr(colon);
    }
    if (!port.empty() && (port[0] != ':' || !parse(port.substr(1), out.port) || out.port == 0)) {
      return no_url();
    }
    if (odd || host.empty()) return no_url();
    out.host = host;
    return encrypted;
  }

  Status read_tls(WebDestination& out) const {
    MEDARC_ASSIGN(security::TlsOptions options, security::TlsOptions::from(config_));
    if (const std::string own = text("tls_authorities"); !own.empty()) options.authorities = own;
    if (options.authorities.empty()) options.authorities = kSystemAuthorities;
    if (text("tls_certificate").empty() != text("tls_key").empty()) {
      return wrong("tls_certificate and tls_key go together");
    }
    if (const std::string own = text("tls_certificate"); !own.empty()) {
      options.certificate = own;
      options.key = text("tls_key");
    }
    out.tls_name = text("tls_name").empty() ? out.host : text("tls_name");
    MEDARC_ASSIGN(out.tls, security::TlsContext::client(std::move(options)));
    return {};
  }

  Config& config_;
  const Config::Table& table_;
};

}  // namespace

Result<WebDestination> WebDestinations::read(Config& config, const Config::Table& table) {
  return Reader(config, table).read();
}

Result<WebDestinations> WebDestinations::from(Config& config) {
  WebDestinations out;
  for (const Config::Table& table :
       config.tables("dicom.web_destination",
                     "DICOMweb servers that rules deliver to: name, url, credentials, TLS.")) {
    MEDARC_ASSIGN(WebDestination to, read(config, table));
    const std::string name = to.name;
    if (!out.by_name_.emplace(name, std::move(to)).second) {
      return make_error(Code::invalid_argument,
                        "dicom.web_destination " + name + ": the name is given twice");
    }
  }
  return out;
}

const WebDestination* WebDestinations::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace medarc::dicom
