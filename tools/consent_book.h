// The consent of genome files, as the verb `consent` works on it: in a stopped archive, or in a
// running server over its HTTP door.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>

#include "tools/verb.h"

namespace medarc::tools {

// Objects are those of /genomics/files/{id}/consent.
class ConsentBook {
 public:
  virtual ~ConsentBook() = default;
  // Errors: not_found.
  virtual Result<boost::json::object> show(const std::string& file) = 0;
  // In place of all that was said. `version`: that must be there, 0 for none. Errors: not_found,
  // invalid_argument (a term or region, and what is wrong with it), precondition_failed.
  virtual Result<boost::json::object> set(const std::string& file,
                                          const boost::json::object& consent,
                                          std::optional<uint64_t> version) = 0;
};

// The archive in common.data; errors as open_archive.
Result<std::unique_ptr<ConsentBook>> open_consent_book(const Common& common);
// A server; as ServerCall::to().
Result<std::unique_ptr<ConsentBook>> call_consent_book(const Common& common, const std::string& url,
                                                       const std::string& token_file);

}  // namespace medarc::tools
