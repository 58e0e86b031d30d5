#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace medarc::test {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

void must(bool ok) {
  if (!ok) throw std::runtime_error("certificate");
}

Key new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

void extend(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer_key`; without an issuer by itself.
Certificate sign(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static long serial = 1;
  Certificate out(X509_new(), X509_free);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 24 * 3600);
  X509_set_pubkey(out.get(), key);
  X509_NAME* subject = X509_get_subject_name(out.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(out.get(), issuer == nullptr ? subject : X509_get_subject_name(issuer));
  if (issuer == nullptr) {
    extend(out.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(out.get(), NID_key_usage, "critical,keyCertSign");
  } else {
    extend(out.get(), NID_subject_alt_name, "DNS:" + name);
  }
  must(X509_sign(out.get(), issuer_key, EVP_sha256()) > 0);
  return out;
}

template <class Write>
std::string to_file(const std::filesystem::path& path, Write&& write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  must(file != nullptr && write(file) == 1);
  must(std::fclose(file) == 0);
  return path.string();
}

}  // namespace

struct CertificateAuthority::State {
  std::filesystem::path dir;
  Key key;
  Certificate certificate;
  std::string file;
};

CertificateAuthority::CertificateAuthority(std::filesystem::path dir, const std::string& name)
    : state_(new State{std::move(dir), new_key(), {}, {}}) {
  state_->certificate = sign(name, state_->key.get(), nullptr, state_->key.get());
  state_->file = to_file(state_->dir / (name + ".pem"), [&](std::FILE* f) {
    return PEM_write_X509(f, state_->certificate.get());
  });
}
CertificateAuthority::~CertificateAuthority() { delete state_; }

std::string CertificateAuthority::file() const { return state_->file; }

CertificateFiles CertificateAuthority::make(const std::string& name) {
  const Key key = new_key();
  const Certificate made = sign(name, key.get(), state_->certificate.get(), state_->key.get());
  return {to_file(state_->dir / (name + ".pem"),
                  [&](std::FILE* f) { return PEM_write_X509(f, made.get()); }),
          to_file(state_->dir / (name + ".key"), [&](std::FILE* f) {
            return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace medarc::test
