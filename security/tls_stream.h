// OpenSSL's side of a TlsStream.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "security/tls.h"

namespace medarc::security {

Result<std::unique_ptr<TlsStream>> open_stream(SSL_CTX& context, int socket, bool server,
                                               const std::string& host);

// What OpenSSL noted in this thread, for people; and forgets it.
std::string take_openssl_errors();

}  // namespace medarc::security
