#include "web/dicomweb/retrieve.h"

#include <algorithm>

#include "base/log.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/transfer_syntax.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::Form;

Error not_acceptable(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

// Media types of rendered resources (PS3.18 table 8.7.4-1) at the top level of Accept.
bool is_rendered(const MediaType& media) {
  for (const char* type : {"image/jpeg", "image/gif", "image/png", "video/mpeg", "video/mp4",
                           "text/html", "text/plain", "text/xml", "text/rtf", "application/pdf"}) {
    if (media.is(type)) return true;
  }
  return false;
}

bool is_dicom(const MediaType& media) {
  return media.is(kRelated) || media.is(kDicom) || media.is(kDicomJson) ||
         media.is("application/dicom+xml") || media.is(kOctets) || media.is(kZip);
}

// N3, in the query parameter and in the header each by itself: browsers list text/html in the
// header of a link that names a DICOM type, beside wildcards, which are no DICOM types.
Status check_mixture(const std::vector<MediaRange>& ranges) {
  for (const bool from_query : {true, false}) {
    const auto any = [&](bool (*test)(const MediaType&)) {
      return std::any_of(ranges.begin(), ranges.end(), [&](const MediaRange& r) {
        return r.from_query == from_query && test(r.media);
      });
    };
    if (any(is_dicom) && any(is_rendered)) {
      return make_error(Code::invalid_argument, "DICOM and rendered media types are mixed");
    }
  }
  return {};
}

std::string syntax_of(const MediaType& media) {
  return std::string(media.parameter("transfer-syntax"));
}

bool uncompressed(const dicom::TransferSyntax& syntax) {
  return !syntax.encapsulated && !syntax.deflated;
}

// N6: goes out as explicit little endian even when "as stored" was asked.
bool rewritten(std::string_view stored) {
  return stored == dicom::kImplicitLittle || stored == dicom::kExplicitBig;
}

// N5: a lossless form is expanded for those who ask for none.
bool expanded_unasked(std::string_view stored) {
  const auto syntax = dicom::transfer_syntax_or_default(stored);
  return (syntax.encapsulated && !syntax.lossy && dicom::can_decode(stored)) || syntax.deflated;
}

// The lossless transfer syntax that a media type stands for when none is named (N8; PS3.18 table
// 8.7.3-5, "D").
std::string_view syntax_of_type(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
      {"image/jpeg", "1.2.840.10008.1.2.4.70"},
      {"image/jls", "1.2.840.10008.1.2.4.80"},
      {"image/jp2", "1.2.840.10008.1.2.4.90"},
      {"image/jphc", "1.2.840.10008.1.2.4.201"},
      {"image/dicom-rle", "1.2.840.10008.1.2.5"},
      {"application/x-deflate", "1.2.840.10008.1.2.8.1"}};
  for (const auto& [name, syntax] : kDefaults) {
    if (name == type) return syntax;
  }
  return {};
}

// In a transfer syntax that is named: losslessly, or with the loss that its name stands for.
std::optional<Form> form_in(std::string_view transfer_syntax, const Wanted& wanted) {
  return wanted.lossy ? Form::lossy(transfer_syntax) : Form::in(transfer_syntax);
}

// The ways that lose something, once more and last.
void add_lossy(std::vector<Wanted>& ways) {
  const size_t count = ways.size();
  for (size_t i = 0; i < count; ++i) {
    if (!dicom::can_encode_lossy(ways[i].transfer_syntax)) continue;
    ways.push_back(ways[i]);
    ways.back().lossy = true;
  }
}

// Frames in another compressed form than they are stored in.
std::vector<FrameForm> encoded_frames(const Wanted& wanted) {
  const std::string_view asked =
      wanted.transfer_syntax.empty() ? syntax_of_type(wanted.type) : wanted.transfer_syntax;
  const auto form = form_in(asked, wanted);
  if (!form || *form == Form::explicit_le) return {};
  const std::string type(dicom::find_transfer_syntax(asked)->media_type);
  if (!wanted.type.empty() && wanted.type != "image/*" && wanted.type != type) return {};
  return {{*form, type}};
}

}  // namespace

std::string current_media_type(std::string_view type) {
  const std::string lower = to_lower_ascii(type);
  if (lower == "image/x-dicom-rle") return "image/dicom-rle";
  if (lower == "image/x-jls") return "image/jls";
  if (lower == "image/jhc" || lower == "image/jph") return "image/jphc";
  return lower;
}

Result<std::vector<Wanted>> wanted_objects(const Request& request, bool one_instance) {
  const auto ranges = accepted_types(request);
  MEDARC_TRY(check_mixture(ranges));
  std::vector<Wanted> out;
  if (!accept_given(request)) out.push_back({});
  for (const MediaRange& range : ranges) {
    const MediaType& media = range.media;
    const std::string_view part = media.parameter("type");
    if (media.is(kRelated)) {
      if (part.empty() || part == "*/*" || part == "application/*" ||
          equal_ignoring_case(part, kDicom)) {
        out.push_back({false, std::string(kDicom), syntax_of(media)});
      }
    } else if (media.is(kDicom)) {
      if (one_instance) out.push_back({true, std::string(kDicom), syntax_of(media)});
    } else if (media.is(kZip)) {
      out.push_back({true, std::string(kZip), syntax_of(media)});
    } else if (media.is("application/*")) {
      out.push_back({true, std::string(one_instance ? kDicom : kZip), syntax_of(media)});
    } else if (media.is("*/*") || media.is("multipart/*")) {
      out.push_back({false, std::string(kDicom), syntax_of(media)});
    }
  }
  if (out.empty()) {
    return not_acceptable("objects are multipart/related; type=\"application/dicom\", " +
                          std::string(one_instance ? "application/dicom " : "") +
                          "or application/zip");
  }
  add_lossy(out);
  return out;
}

Result<std::vector<Wanted>> wanted_bulk(const Request& request, bool one_item) {
  const auto ranges = accepted_types(request);
  MEDARC_TRY(check_mixture(ranges));
  std::vector<Wanted> out;
  if (!accept_given(request)) out.push_back({});
  for (const MediaRange& range : ranges) {
    const MediaType& media = range.media;
    if (media.is(kRelated)) {
      std::string type = current_media_type(media.parameter("type"));
      if (type == "*/*") type.clear();
      if (type == kDicom) continue;
      out.push_back({false, std::move(type), syntax_of(media)});
    } else if (media.is("*/*") || media.is("multipart/*")) {
      out.push_back({false, "", syntax_of(media)});
    } else if (one_item && (media.is(kOctets) || media.type == "image" || media.type == "video" ||
                            media.is("application/x-deflate") || media.is("application/*"))) {
      const std::string type = media.type + "/" + media.subtype;
      out.push_back({true, media.subtype == "*" ? "" : current_media_type(type), syntax_of(media)});
    }
  }
  if (out.empty()) return not_acceptable("no media type that bulk data can have is accepted");
  add_lossy(out);
  return out;
}

std::vector<Form> forms_for(const Wanted& wanted, std::string_view stored) {
  const std::string& asked = wanted.transfer_syntax;
  if (asked == "*") return {Form::stored};
  if (rewritten(stored) && (asked.empty() || asked == dicom::kExplicitLittle)) {
    return {Form::stored};
  }
  if (asked.empty()) {
    return expanded_unasked(stored) ? std::vector{Form::explicit_le, Form::stored}
                                    : std::vector{Form::stored};
  }
  if (asked == stored && !rewritten(stored)) return {Form::stored};
  const auto form = form_in(asked, wanted);
  const auto syntax = dicom::transfer_syntax_or_default(stored);
  if (!form || (syntax.encapsulated && !dicom::can_decode(stored))) return {};
  return {*form};
}

bool may_have(const dicom::InstanceRow& row, const dicom::Form& form) {
  const std::string& stored = row.transfer_syntax.value;
  const std::string_view target = form.transfer_syntax();
  if (target.empty() || target == stored) return true;
  if (dicom::transfer_syntax_or_default(stored).encapsulated && !dicom::can_decode(stored)) {
    return false;
  }
  if (!dicom::can_encode(target) && !dicom::can_encode_lossy(target)) return true;
  const auto number = [&](uint32_t tag) {
    const auto n = parse_decimal(row.attributes.first(index::Tag{tag}));
    return n && *n <= UINT16_MAX ? static_cast<uint16_t>(*n) : uint16_t{0};
  };
  dicom::FrameShape shape;
  shape.rows = number(0x00280010);
  shape.columns = number(0x00280011);
  shape.bits_allocated = number(0x00280100);
  return !row.frame_table.empty() &&
         (dicom::can_encode(target, shape) || dicom::can_encode_lossy(target, shape));
}

std::vector<FrameForm> frame_forms_for(const Wanted& wanted, std::string_view stored) {
  const auto syntax = dicom::transfer_syntax_or_default(stored);
  const std::string& asked = wanted.transfer_syntax;
  const bool any_image = wanted.type.empty() || wanted.type == "image/*";
  const bool octets =
      wanted.type.empty() || wanted.type == kOctets || wanted.type == "application/*";
  // Native samples are the same bytes in every little endian syntax.
  const bool native_asked = asked.empty() || asked == dicom::kExplicitLittle;
  if (!syntax.encapsulated) {
    if (octets && (native_asked || asked == "*" || asked == stored)) {
      const bool as_is = uncompressed(syntax) && !rewritten(stored);
      return {{as_is ? Form::stored : Form::explicit_le, std::string(kOctets)}};
    }
    return encoded_frames(wanted);
  }
  const std::string own(syntax.media_type.empty() ? kOctets : syntax.media_type);
  const bool own_type =
      wanted.type == own || any_image || wanted.type == "video/*" || wanted.type == "application/*";
  std::vector<FrameForm> out;
  if (asked == "*" || asked == stored) {
    if (own_type || octets) {
      out.push_back({Form::stored, wanted.type == kOctets ? std::string(kOctets) : own});
    }
    return out;
  }
  // Octets without a syntax mean samples; only a lossy form is never expanded unasked (N5).
  if (octets && (asked == dicom::kExplicitLittle ||
                 (asked.empty() && (!syntax.lossy || wanted.type == kOctets)))) {
    if (!asked.empty() || expanded_unasked(stored)) {
      out.push_back({Form::explicit_le, std::string(kOctets)});
    }
  }
  if (asked.empty() && (own_type || (syntax.lossy && wanted.type == kOctets))) {
    out.push_back({Form::stored, wanted.type == kOctets ? std::string(kOctets) : own});
  }
  if (out.empty()) return encoded_frames(wanted);
  return out;
}

Response retrieve_problem(const Error& error) {
  if (error.code != Code::corrupt) return problem(error);
  log(Level::warn, "dicomweb.undecodable", {{"error", error.text}});
  return problem(
      500, make_error(Code::unsupported, "the pixels cannot be given in this form: " + error.text +
                                             "; transfer-syntax=* gives them as they are stored"));
}

Result<std::vector<uint32_t>> parse_frame_list(std::string_view text, uint32_t frames_max) {
  const auto bad = [] {
    return make_error(Code::invalid_argument, "frames are whole numbers from 1 on, by commas");
  };
  std::vector<uint32_t> out;
  while (true) {
    const size_t end = std::min(text.find(','), text.size());
    const auto number = parse_decimal(text.substr(0, end));
    if (!number || *number == 0 || *number > UINT32_MAX) return bad();
    if (out.size() == frames_max) {
      return make_error(Code::too_large,
                        "the list has more than " + std::to_string(frames_max) + " frames");
    }
    out.push_back(static_cast<uint32_t>(*number));
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

Result<dicom::InstanceRow> find_instance(index::View& view, const Request& request) {
  MEDARC_ASSIGN(const auto at, as_of(request));
  if (at) {
    return dicom::instance_at(view, dicom::StudyUid(request.captures[0]),
                              dicom::SeriesUid(request.captures[1]),
                              dicom::SopInstanceUid(request.captures[2]), *at);
  }
  std::optional<uint32_t> version;
  if (const std::string_view text = request.query_value("version"); !text.empty()) {
    const auto number = parse_decimal(text);
    if (!number || *number == 0 || *number > UINT32_MAX) {
      return make_error(Code::invalid_argument, "version is no whole number from 1 on");
    }
    version = static_cast<uint32_t>(*number);
  }
  MEDARC_ASSIGN(auto row, view.instance(dicom::StudyUid(request.captures[0]),
                                        dicom::SeriesUid(request.captures[1]),
                                        dicom::SopInstanceUid(request.captures[2]), version));
  if (!row) return missing(view, request);
  return std::move(*row);
}

Error missing(index::View& view, const Request& request) {
  std::optional<dicom::SeriesUid> series;
  std::optional<dicom::SopInstanceUid> instance;
  if (request.captures.size() > 1) series = dicom::SeriesUid(request.captures[1]);
  if (request.captures.size() > 2) instance = dicom::SopInstanceUid(request.captures[2]);
  auto tombstone = view.tombstone(dicom::StudyUid(request.captures[0]), series, instance);
  if (tombstone.has_error()) return std::move(tombstone).error();
  if (!*tombstone) return make_error(Code::not_found, "there is no such thing in the archive");
  return make_error(Code::gone, "it has been removed");  // W1
}

}  // namespace medarc::web
