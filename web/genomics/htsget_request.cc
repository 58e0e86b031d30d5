#include "web/genomics/htsget_request.h"

#include <algorithm>
#include <boost/json.hpp>

#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr uint32_t kJsonDepthMax = 8;

struct Wrong {
  HtsgetError error;
};
[[noreturn]] void invalid(std::string message) {
  throw Wrong{{400, "InvalidInput", std::move(message)}};
}

// The rules both forms share; parse errors are thrown inside this file only.
class Builder {
 public:
  Builder(const HtsgetKind& kind, uint32_t tags_max) : kind_(kind), tags_max_(tags_max) {}

  void format(std::string_view text) {
    for (const std::string_view known : kind_.formats) {
      if (equal_ignoring_case(text, known)) request.format = known;
    }
    if (request.format.empty()) {
      std::string all;
      for (const std::string_view known : kind_.formats) all += " " + std::string(known);
      throw Wrong{{400, "UnsupportedFormat", "format: there are:" + all}};
    }
  }
  void class_of(std::string_view text) {
    if (text != "header") invalid("class: only `header` can be asked for");
    request.header_only = true;
  }
  // Written in any case, short as in the draft's servers or in full.
  void encryption(std::string_view scheme) {
    request.encrypted =
        equal_ignoring_case(scheme, "c4gh") || equal_ignoring_case(scheme, "crypt4gh");
    if (!request.encrypted) {
      throw Wrong{{400, "UnsupportedFormat", "encryptionScheme: there is c4gh"}};
    }
  }
  void field(std::string_view name) {
    if (!kind_.masks) return;  // the fields are those of SAM
    const auto field = genomics::field_of(name);
    if (!field) invalid("fields: not a field of SAM");
    if (!fields_) request.mask.fields = 0;
    fields_ = true;
    request.mask.fields |= 1u << static_cast<int>(*field);
  }
  void tag(std::string_view name, bool wanted) {
    if (kind_.masks && name.size() != 2) invalid("tags and notags: names of two characters");
    if (!wanted) {
      request.mask.notags.emplace(name);
    } else {
      tags_wanted().emplace(name);
    }
    if (request.mask.notags.size() > tags_max_ || tags_count() > tags_max_) {
      throw Wrong{{413, "PayloadTooLarge", "more than genomics.tags_max tags"}};
    }
  }
  std::set<std::string>& tags_wanted() {
    if (!request.mask.tags) request.mask.tags.emplace();
    return *request.mask.tags;
  }
  void finish() {
    if (request.mask.tags) {
      for (const std::string& tag : *request.mask.tags) {
        if (request.mask.notags.contains(tag)) invalid("a tag is both in tags and in notags");
      }
    }
    if (!kind_.masks) request.mask = {};
  }
  HtsgetRequest request;

 private:
  size_t tags_count() const { return request.mask.tags ? request.mask.tags->size() : 0; }
  const HtsgetKind& kind_;
  const uint32_t tags_max_;
  bool fields_ = false;
};

uint32_t position(std::string_view text, const char* name) {
  const auto value = parse_decimal(text);
  if (!value || *value > UINT32_MAX) invalid(std::string(name) + ": a 32-bit unsigned number");
  return static_cast<uint32_t>(*value);
}

void from_query(const Request& request, const GenomicsOptions& options, Builder& b) {
  std::optional<std::string> reference, start, end;
  size_t others = 0;  // beside class and format
  bool only_reference = true;
  std::set<std::string> seen;
  for (const auto& [name, value] : request.query) {
    const bool known = name == "format" || name == "class" || name == "referenceName" ||
                       name == "start" || name == "end" || name == "fields" || name == "tags" ||
                       name == "notags" || name == "encryptionScheme" || name == "recipient";
    if (!known) continue;  // an extension we do not know
    if (!seen.insert(name).second) invalid(name + " is given twice");
    if (name == "format") b.format(value);
    if (name == "class") b.class_of(value);
    if (name == "encryptionScheme") b.encryption(value);
    if (name == "recipient") b.request.recipient = value;
    if (name == "format" || name == "class") continue;
    if (name == "encryptionScheme" || name == "recipient") continue;
    ++others;
    only_reference = only_reference && name == "referenceName";
    if (name == "referenceName") reference = value;
    if (name == "start") start = value;
    if (name == "end") end = value;
    if (name == "fields") {
      for (const std::string_view one : split_list(value, ',')) b.field(one);
    }
    if (name == "tags") {
      b.tags_wanted();
      for (const std::string_view one : split_list(value, ',')) b.tag(one, true);
    }
    if (name == "notags") {
      for (const std::string_view one : split_list(value, ',')) b.tag(one, false);
    }
  }
  if (b.request.header_only) {
    if (others > 0 && (options.strict_header_class || !only_reference)) {
      invalid("class=header goes with format only");
    }
    return;
  }
  if (!reference) {
    if (start || end) invalid("start and end go with a referenceName");
    return;
  }
  if (*reference == "*" && (start || end)) invalid("unplaced records have no start and end");
  HtsgetRequest::Range range{*reference};
  if (start) range.begin = position(*start, "start");
  if (end) range.end = position(*end, "end");
  if (range.begin > range.end) throw Wrong{{400, "InvalidRange", "start is behind end"}};
  b.request.ranges.emplace().push_back(std::move(range));
}

std::string_view text_of(const json::value& value, const char* name) {
  if (!value.is_string()) invalid(std::string(name) + ": a string");
  return value.get_string();
}

uint32_t number_of(const json::value& value, const char* name) {
  if (value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= UINT32_MAX) {
    return static_cast<uint32_t>(value.get_int64());
  }
  invalid(std::string(name) + ": a 32-bit unsigned number");
}

void names_from(const json::value& value, const char* name,
                const std::function<void(std::string_view)>& take) {
  if (!value.is_array()) invalid(std::string(name) + ": an array of strings");
  for (const json::value& one : value.get_array()) take(text_of(one, name));
}

HtsgetRequest::Range range_from(const json::value& value) {
  if (!value.is_object()) invalid("regions: an array of objects");
  HtsgetRequest::Range range;
  bool named = false, placed = false;
  for (const auto& [key, part] : value.get_object()) {
    if (key == "referenceName") {
      range.reference = text_of(part, "referenceName");
      named = true;
    } else if (key == "start") {
      range.begin = number_of(part, "start");
      placed = true;
    } else if (key == "end") {
      range.end = number_of(part, "end");
      placed = true;
    }
  }
  if (!named) invalid("regions: each has a referenceName");
  if (range.reference == "*" && placed) invalid("unplaced records have no start and end");
  if (range.begin >= range.end) throw Wrong{{400, "InvalidRange", "start is not before end"}};
  return range;
}

void from_body(ByteView body, uint32_t regions_max, Builder& b) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  const json::value root = json::parse(body, error, {}, options);
  if (error || !root.is_object()) invalid("the body is not a JSON object");
  size_t others = 0;
  for (const auto& [key, value] : root.get_object()) {
    if (key == "format") {
      b.format(text_of(value, "format"));
    } else if (key == "class") {
      b.class_of(text_of(value, "class"));
    } else if (key == "encryptionScheme") {
      b.encryption(text_of(value, "encryptionScheme"));
    } else if (key == "recipient") {
      b.request.recipient = text_of(value, "recipient");
    } else if (key == "fields") {
      ++others;
      names_from(value, "fields", [&](std::string_view one) { b.field(one); });
    } else if (key == "tags") {
      ++others;
      b.tags_wanted();
      names_from(value, "tags", [&](std::string_view one) { b.tag(one, true); });
    } else if (key == "notags") {
      ++others;
      names_from(value, "notags", [&](std::string_view one) { b.tag(one, false); });
    } else if (key == "regions") {
      ++others;
      if (!value.is_array() || value.get_array().empty()) invalid("regions: not an empty array");
      if (value.get_array().size() > regions_max) {
        throw Wrong{{413, "PayloadTooLarge", "more than genomics.regions_max regions"}};
      }
      auto& ranges = b.request.ranges.emplace();
      for (const json::value& one : value.get_array()) ranges.push_back(range_from(one));
    }
  }
  if (b.request.header_only && others > 0) invalid("class=header goes with format only");
}

HtsgetParsed parsed(const HtsgetKind& kind, uint32_t tags_max,
                    const std::function<void(Builder&)>& read) {
  Builder b(kind, tags_max);
  try {
    read(b);
    b.finish();
  } catch (Wrong& wrong) {
    return {{}, std::move(wrong.error)};
  }
  return {std::move(b.request), std::nullopt};
}

}  // namespace

const HtsgetKind kHtsgetReads{"reads", {"BAM", "CRAM"}, true};
const HtsgetKind kHtsgetVariants{"variants", {"VCF", "BCF"}, false};

bool HtsgetKind::serves(std::string_view row_format) const {
  return std::any_of(formats.begin(), formats.end(),
                     [&](std::string_view one) { return equal_ignoring_case(one, row_format); });
}

HtsgetParsed parse_htsget_query(const Request& request, const GenomicsOptions& options,
                                const HtsgetKind& kind) {
  return parsed(kind, options.tags_max, [&](Builder& b) { from_query(request, options, b); });
}

HtsgetParsed parse_htsget_body(ByteView body, uint32_t regions_max, const GenomicsOptions& options,
                               const HtsgetKind& kind) {
  return parsed(kind, options.tags_max, [&](Builder& b) { from_body(body, regions_max, b); });
}

Result<genomics::Selection> selection_of(const HtsgetRequest& request,
                                         const genomics::FileHeader& header) {
  genomics::Selection selection{std::nullopt, request.mask};
  if (request.header_only) {
    selection.regions.emplace();
    return selection;
  }
  if (!request.ranges) return selection;
  selection.regions.emplace();
  for (const HtsgetRequest::Range& range : *request.ranges) {
    MEDARC_ASSIGN(const auto region,
                  genomics::htsget_region(range.reference, range.begin, range.end, header));
    selection.regions->push_back(region);
  }
  return selection;
}

HtsgetError htsget_error(const Error& error) {
  switch (error.code) {
    case Code::unauthenticated: return {401, "InvalidAuthentication", error.text};
    case Code::permission_denied: return {403, "PermissionDenied", error.text};
    case Code::not_found:
    case Code::gone: return {404, "NotFound", error.text};
    case Code::too_large: return {413, "PayloadTooLarge", error.text};
    case Code::unsupported: return {400, "UnsupportedFormat", error.text};
    case Code::invalid_argument: return {400, "InvalidInput", error.text};
    case Code::unavailable: return {503, "ServiceUnavailable", error.text};
    default: return {status_of(error.code), "InternalError", "the server could not answer"};
  }
}

Response htsget_answer(const HtsgetError& error) {
  std::string body = "{\"htsget\":{\"error\":" + json_string(error.name) +
                     ",\"message\":" + json_string(error.message) + "}}";
  Response response = make_response(error.status, "application/json", std::move(body));
  if (error.status == 503) response.headers.set("Retry-After", "2");
  return response;
}

}  // namespace medarc::web
