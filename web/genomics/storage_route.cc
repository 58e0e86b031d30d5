// /genomics/files/{id}/storage: what a file takes on disk.
#include <fmt/format.h>

#include "web/genomics/doors.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {}));
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(at_genomics_door(request), id));
  MEDARC_ASSIGN(const genomics::FileStorage storage, c.store.storage(row));
  return make_response(200, "application/json",
                       fmt::format(R"({{"bytes":{},"storedBytes":{},"cold":{}}})", storage.bytes,
                                   storage.stored_bytes, storage.cold));
}

}  // namespace

Answer storage_answer(const GenomicsContext& c, const Request& request,
                      const genomics::FileId& id) {
  return answered(answer(c, request, id));
}

}  // namespace medarc::web
