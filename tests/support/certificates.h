// An invented certificate authority and certificates it signs, as PEM files.
#pragma once

#include <filesystem>
#include <string>

namespace medarc::test {

struct CertificateFiles {
  std::string certificate, key;
};

class CertificateAuthority {
 public:
  // Files go into `dir`.
  explicit CertificateAuthority(std::filesystem::path dir, const std::string& name = "Test-CA");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  std::string file() const;
  // `name` is the common name, a DNS name of it, and the begin of the files' names; made anew when
  // it is there already.
  CertificateFiles make(const std::string& name);

 private:
  struct State;
  State* state_;
};

}  // namespace medarc::test
