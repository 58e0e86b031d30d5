#include "genomics/statistics.h"

namespace medarc::genomics {

Bytes with_member(ByteView object, std::string_view member) {
  const bool empty = object.find('"') == ByteView::npos;
  Bytes out(empty ? ByteView("{") : object.substr(0, object.find_last_of('}')));
  if (!empty) out += ',';
  out += member;
  out += '}';
  return out;
}

}  // namespace medarc::genomics
