#include "web/client/stow_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>

#include "dicom/dataset.h"
#include "dicom/delivery.h"
#include "web/accept.h"

namespace medarc::web {
namespace {

using dicom::DataElement;
using dicom::DataSet;
using dicom::Tag;
using What = StowVerdict::What;

constexpr Tag kReferenced{0x00081199}, kFailed{0x00081198}, kReason{0x00081197},
    kInstance{0x00081155};
constexpr uint16_t kNoReason = 0x0110;  // processing failure: what a failure without reason is

// The response dataset, as far as it could be read.
struct Told {
  bool readable = false;
  std::set<std::string> stored;
  std::map<std::string, uint16_t> failed;
};

const std::vector<DataSet>& items_of(const DataSet& dataset, Tag sequence) {
  static const std::vector<DataSet> none;
  const DataElement* e = dataset.find(sequence);
  return e == nullptr ? none : e->items;
}

Told read(const ClientAnswer& answer) {
  Told out;
  const auto media = parse_media_type(answer.content_type);
  if (!media || !(media->is("application/dicom+json") || media->is("application/json"))) return out;
  dicom::DataSetLimits limits;
  limits.bytes_max = HttpConnection::kBodyBytesMax;
  limits.elements_max = UINT32_MAX;  // the body is bounded
  const auto dataset = dicom::read_dataset_json(answer.body, limits);
  if (dataset.has_error()) return out;
  out.readable = true;
  for (const DataSet& item : items_of(*dataset, kReferenced)) {
    out.stored.emplace(item.first(kInstance));
  }
  for (const DataSet& item : items_of(*dataset, kFailed)) {
    const std::string_view text = item.first(kReason);
    uint16_t reason = 0;
    std::from_chars(text.data(), text.data() + text.size(), reason);
    out.failed[std::string(item.first(kInstance))] = reason != 0 ? reason : kNoReason;
  }
  return out;
}

// For instances of which the answer says nothing by itself.
StowVerdict by_status(int status, bool readable, bool single) {
  const std::string said = fmt::format("the server answered {}", status);
  if (status == 200 || status == 201 || status == 204) return {What::stored};
  if (status == 202) {
    return {What::later, said + (readable ? " and does not name it" : " and nothing readable")};
  }
  // What an operator can set right (credentials, the address), or the server itself.
  const bool passes = status < 400 || status >= 500 || status == 401 || status == 403 ||
                      status == 404 || status == 405 || status == 407 || status == 408 ||
                      status == 425 || status == 429;
  if (passes) return {What::later, said};
  return {single ? What::refused : What::alone, said};
}

}  // namespace

std::vector<StowVerdict> read_stow_answer(const ClientAnswer& answer,
                                          const std::vector<std::string>& instances,
                                          const std::vector<uint32_t>& attempts) {
  const Told told = read(answer);
  std::vector<StowVerdict> out;
  for (size_t i = 0; i < instances.size(); ++i) {
    const auto failed = told.failed.find(instances[i]);
    if (failed != told.failed.end()) {
      const bool wait = dicom::worth_waiting(failed->second, attempts[i]);
      out.push_back(
          {wait ? What::later : What::refused,
           fmt::format("the server answered {}, reason {:04X}", answer.status, failed->second)});
    } else if (told.stored.contains(instances[i])) {
      out.push_back({What::stored});
    } else {
      out.push_back(by_status(answer.status, told.readable, instances.size() == 1));
    }
  }
  return out;
}

}  // namespace medarc::web
