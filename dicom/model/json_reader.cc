#include "dicom/model/json_reader.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dicom/dictionary.h"

namespace medarc::dicom {
namespace {

namespace bj = boost::json;

constexpr std::string_view kGroups[] = {"Alphabetic", "Ideographic", "Phonetic"};

// What boost::json tells, one call a token, as the events of a ModelSink.
class Handler {
 public:
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  Handler(const ModelLimits& limits, ModelSink& sink) : limits_(limits), sink_(sink) {}
  const std::optional<Error>& failed() const { return failed_; }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
  bool on_key_part(bj::string_view part, size_t, bj::error_code& ec) { return keep(part, ec); }
  bool on_string_part(bj::string_view part, size_t, bj::error_code& ec) { return keep(part, ec); }
  bool on_number_part(bj::string_view part, bj::error_code& ec) { return keep(part, ec); }

  bool on_key(bj::string_view part, size_t, bj::error_code& ec) {
    return keep(part, ec) && done(key(), ec);
  }
  bool on_string(bj::string_view part, size_t, bj::error_code& ec) {
    return keep(part, ec) && done(scalar(ModelSink::Kind::text), ec);
  }
  bool on_int64(int64_t, bj::string_view part, bj::error_code& ec) {
    return keep(part, ec) && done(scalar(ModelSink::Kind::number), ec);
  }
  bool on_uint64(uint64_t, bj::string_view part, bj::error_code& ec) {
    return keep(part, ec) && done(scalar(ModelSink::Kind::number), ec);
  }
  bool on_double(double, bj::string_view part, bj::error_code& ec) {
    return keep(part, ec) && done(scalar(ModelSink::Kind::number), ec);
  }
  bool on_null(bj::error_code& ec) { return done(scalar(ModelSink::Kind::null), ec); }
  bool on_bool(bool value, bj::error_code& ec) {
    text_ = value ? "true" : "false";
    return done(scalar(ModelSink::Kind::text), ec);
  }
  bool on_object_begin(bj::error_code& ec) { return done(begin_object(), ec); }
  bool on_object_end(size_t, bj::error_code& ec) { return done(end_object(), ec); }
  bool on_array_begin(bj::error_code& ec) { return done(begin_array(), ec); }
  bool on_array_end(size_t, bj::error_code& ec) { return done(end_array(), ec); }

 private:
  enum class Where : uint8_t {
    instances,  // the array around all
    instance,   // object of elements
    item,       // the same inside a sequence
    element,    // object of "vr", "Value" …
    values,     // array
    undecided,  // object in it, no member seen: an item or a name
    name,       // object of name groups
    passed,     // what the model does not know
  };
  enum class Member : uint8_t { vr, value, inline_binary, bulk_data, other };

  bool keep(bj::string_view part, bj::error_code& ec) {
    if (text_.size() + part.size() > limits_.text_bytes_max) {
      return done(make_error(Code::too_large, "a text of the document is too long"), ec);
    }
    text_.append(part.data(), part.size());
    return true;
  }
  // After every token: the text has been used.
  bool done(Status status, bj::error_code& ec) {
    text_.clear();
    if (status.has_value()) return true;
    failed_ = status.error();
    ec = bj::make_error_code(bj::error::syntax);
    return false;
  }

  bool in(Where where) const { return !stack_.empty() && stack_.back() == where; }

  Status key() {
    if (in(Where::undecided)) {
      const bool name = text_ == kGroups[0] || text_ == kGroups[1] || text_ == kGroups[2];
      stack_.back() = name ? Where::name : Where::item;
      for (std::string& g : groups_) g.clear();
      if (!name) MEDARC_TRY(sink_.begin_item());
    }
    if (in(Where::instance) || in(Where::item)) {
      tag_ = parse_tag(text_);
      if (!tag_) sink_.problem("a member that is no DICOM tag");
    } else if (in(Where::element)) {
      member_ = text_ == "vr"             ? Member::vr
                : text_ == "Value"        ? Member::value
                : text_ == "InlineBinary" ? Member::inline_binary
                : text_ == "BulkDataURI"  ? Member::bulk_data
                                          : Member::other;
    } else if (in(Where::name)) {
      group_ = std::find(std::begin(kGroups), std::end(kGroups), text_) - std::begin(kGroups);
      if (group_ == 3) sink_.problem("a group that person names do not have");
    }
    return {};
  }

  Status scalar(ModelSink::Kind kind) {
    if (stack_.empty() || in(Where::instances)) return not_instances();
    if (in(Where::instance) || in(Where::item)) {
      sink_.problem("an element that is no object");
    } else if (in(Where::values)) {
      return sink_.value(kind, text_);
    } else if (in(Where::name)) {
      if (group_ < 3 && kind == ModelSink::Kind::text) groups_[group_] = text_;
      if (kind == ModelSink::Kind::number) sink_.problem("a name group that is no text");
      if (text_.find('=') != std::string::npos) sink_.problem("a name group that holds another");
    } else if (in(Where::element)) {
      const bool text = kind == ModelSink::Kind::text;
      switch (member_) {
        case Member::vr:
          if (text) return sink_.vr(text_);
          sink_.problem("a VR that is no text");
          break;
        case Member::value:
          if (kind != ModelSink::Kind::null) sink_.problem("values that are no array");
          break;
        case Member::inline_binary:
          if (text) return sink_.inline_binary(text_);
          sink_.problem("inline binary that is no text");
          break;
        case Member::bulk_data:
          if (text) return sink_.bulk_data(text_);
          sink_.problem("a bulk data URI that is no text");
          break;
        case Member::other: break;
      }
    }
    return {};
  }

  Status begin_object() {
    if (stack_.empty() || in(Where::instances)) {
      stack_.push_back(Where::instance);
      return sink_.begin_instance();
    }
    if ((in(Where::instance) || in(Where::item)) && tag_) {
      stack_.push_back(Where::element);
      member_ = Member::other;
      return sink_.begin_element(*tag_, {});
    }
    if (in(Where::values)) {
      stack_.push_back(Where::undecided);
      return {};
    }
    return pass_over();
  }

  Status end_object() {
    const Where where = stack_.back();
    stack_.pop_back();
    switch (where) {
      case Where::instance: return sink_.end_instance();
      case Where::item: return sink_.end_item();
      case Where::element: return sink_.end_element();
      case Where::undecided: return sink_.value(ModelSink::Kind::object, {});
      case Where::name: {
        std::string all = groups_[0];
        if (!groups_[1].empty() || !groups_[2].empty()) all += '=' + groups_[1];
        if (!groups_[2].empty()) all += '=' + groups_[2];
        return sink_.value(all.empty() ? ModelSink::Kind::null : ModelSink::Kind::text, all);
      }
      default: return {};
    }
  }

  Status begin_array() {
    if (stack_.empty()) {
      stack_.push_back(Where::instances);
      return {};
    }
    if (in(Where::instances)) return not_instances();
    if (in(Where::element) && member_ == Member::value) {
      stack_.push_back(Where::values);
      return {};
    }
    return pass_over();
  }

  Status end_array() {
    stack_.pop_back();
    return {};
  }

  Status pass_over() {
    // A stranger beside the members of an element may be anything; elsewhere it is a mistake.
    if (!in(Where::passed) && !(in(Where::element) && member_ == Member::other)) {
      sink_.problem("an object or array where there is none in the DICOM JSON model");
    }
    stack_.push_back(Where::passed);
    return {};
  }

  static Error not_instances() {
    return make_error(Code::invalid_argument, "the document is no array of DICOM JSON objects");
  }

  const ModelLimits limits_;
  ModelSink& sink_;
  std::vector<Where> stack_;
  std::string text_;
  std::optional<Tag> tag_;
  Member member_ = Member::other;
  std::string groups_[3];
  ptrdiff_t group_ = 0;
  std::optional<Error> failed_;
};

bj::parse_options options(const ModelLimits& limits) {
  bj::parse_options out;
  // A sequence is an element, its array and an item; around all there are two, inside a name.
  out.max_depth = 3 * (size_t{limits.nesting_depth_max} + 1) + 4;
  return out;
}

}  // namespace

struct JsonReader::State {
  State(const ModelLimits& limits, ModelSink& sink) : parser(options(limits), limits, sink) {}
  bj::basic_parser<Handler> parser;
  std::optional<Error> failed;

  Status run(bool more, ByteView bytes) {
    if (failed) return *failed;
    bj::error_code ec;
    size_t used = 0;
    try {
      used = parser.write_some(more, bytes.data(), bytes.size(), ec);
    } catch (const std::exception&) {
      failed = make_error(Code::exhausted, "no memory to read JSON");
      return *failed;
    }
    if (!ec && used == bytes.size()) return {};
    if (parser.handler().failed()) {
      failed = *parser.handler().failed();
    } else if (ec == bj::make_error_code(bj::error::too_deep)) {
      failed = make_error(Code::too_large, "the document is nested too deeply");
    } else {
      failed = make_error(Code::invalid_argument, "the document is not JSON in UTF-8");
    }
    return *failed;
  }
};

JsonReader::JsonReader(const ModelLimits& limits, ModelSink& sink)
    : state_(std::make_unique<State>(limits, sink)) {}
JsonReader::~JsonReader() = default;
Status JsonReader::feed(ByteView bytes) { return state_->run(true, bytes); }
Status JsonReader::finish() { return state_->run(false, {}); }

}  // namespace medarc::dicom
