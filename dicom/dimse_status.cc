#include "dicom/dimse_status.h"

namespace medarc::dicom {

uint16_t store_status(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_acceptable:
    case Code::unsupported:
    case Code::range_not_satisfiable:
    case Code::too_large: return kCannotUnderstand;
    case Code::unauthenticated:
    case Code::permission_denied: return kNotAuthorised;
    case Code::not_found:
    case Code::gone: return kNoSuchInstance;
    case Code::already_exists: return kDuplicateInstance;
    case Code::conflict:
    case Code::precondition_failed: return kClassMismatch;
    case Code::exhausted:
    case Code::unavailable:
    case Code::deadline:
    case Code::io: return kOutOfResources;
    case Code::cancelled:
    case Code::corrupt:
    case Code::internal: return kProcessingFailure;
  }
  return kProcessingFailure;
}

uint16_t query_status(Code code) {
  switch (code) {
    case Code::unauthenticated:
    case Code::permission_denied: return kNotAuthorised;
    case Code::conflict: return kClassMismatch;  // the identifier and the model disagree
    case Code::too_large:
    case Code::exhausted:
    case Code::unavailable:
    case Code::deadline: return kOutOfResources;
    default: return kUnableToProcess;
  }
}

uint16_t action_status(Code code) {
  switch (code) {
    case Code::invalid_argument: return kInvalidArgument;
    case Code::unauthenticated:
    case Code::permission_denied: return kNotAuthorised;
    case Code::too_large:
    case Code::exhausted:
    case Code::unavailable: return kResourceLimitation;
    default: return kProcessingFailure;
  }
}

uint16_t store_status(const Refusal& refusal) {
  return refusal.reason != 0 ? refusal.reason : store_status(refusal.error.code);
}

}  // namespace medarc::dicom
