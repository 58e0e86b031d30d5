#include "web/dicomweb/bulk_items.h"

#include "web/conditional.h"
#include "web/dicomweb/doors.h"

namespace medarc::web {
namespace {

std::string part_headers(const BulkItem& item) {
  return "Content-Type: " + item.type + "\r\nContent-Location: " + item.location + "\r\n";
}

}  // namespace

std::string type_in(std::string_view media_type, std::string_view transfer_syntax) {
  return std::string(media_type) + "; transfer-syntax=" + std::string(transfer_syntax);
}

std::string related_type(std::string_view media_type, std::string_view transfer_syntax,
                         std::string_view boundary) {
  std::string out = std::string(kRelated) + "; type=\"" + std::string(media_type) + "\"";
  if (!transfer_syntax.empty()) {
    out += "; transfer-syntax=" + std::string(transfer_syntax);  // N9: outside the quotes
  }
  return out + "; boundary=" + std::string(boundary);
}

Response single_item(const Request& request, BulkItem item, std::string etag) {
  Response response;
  if (item.content.bytes) {
    Representation thing;
    thing.content_type = std::move(item.type);
    thing.etag = std::move(etag);
    thing.bytes = *item.content.bytes;
    auto source = std::make_shared<std::unique_ptr<ByteSource>>(std::move(item.content.source));
    thing.open = [source](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(*source), range);
    };
    response = serve(request, thing);
  } else {
    response.headers.add("Content-Type", std::move(item.type));
    if (!etag.empty()) response.headers.add("ETag", '"' + etag + '"');
    response.body = std::move(item.content.source);
  }
  response.headers.set("Vary", "Accept");
  return response;
}

OutgoingPart as_part(BulkItem item) { return {part_headers(item), std::move(item.content.source)}; }

size_t part_header_bytes(const BulkItem& item) { return part_headers(item).size(); }

}  // namespace medarc::web
