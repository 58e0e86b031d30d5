// Who reads a genome, and what for: a principal with the purpose of the request. Whatever is asked
// for by a plain principal is asked for no purpose.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "security/principal.h"

namespace medarc::genomics {

struct Asker : security::Principal {
  // Data use terms as the request says them, unchecked (consent.h).
  std::vector<std::string> purposes;
  Asker(security::Principal who, std::vector<std::string> what_for = {})
      : security::Principal(std::move(who)), purposes(std::move(what_for)) {}
};

}  // namespace medarc::genomics
