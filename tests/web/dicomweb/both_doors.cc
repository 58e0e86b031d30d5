#include "tests/web/dicomweb/both_doors.h"

#include <charconv>

#include "dicom/dictionary.h"
#include "web/url.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::le16;
using test::le32;

constexpr const char* kFind = "1.2.840.10008.5.1.4.1.2.2.1";

// Keys as a tree: values, or the one item of a sequence.
struct Node {
  std::optional<std::string> value;
  std::map<uint32_t, Node> item;
};

uint32_t hex(std::string_view text) {
  uint32_t v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v, 16);
  return v;
}

std::string element(uint32_t tag, std::string value) {
  if (value.size() % 2 != 0) value += dicom::is(dicom::vr_of(dicom::Tag{tag}), "UI") ? '\0' : ' ';
  return le16(static_cast<uint16_t>(tag >> 16)) + le16(static_cast<uint16_t>(tag)) +
         le32(static_cast<uint32_t>(value.size())) + value;
}

std::string dataset_of(const std::map<uint32_t, Node>& nodes) {
  std::string out;
  for (const auto& [tag, node] : nodes) {
    if (node.value) {
      out += element(tag, *node.value);
      continue;
    }
    const std::string item = dataset_of(node.item);
    out +=
        element(tag, le16(0xFFFE) + le16(0xE000) + le32(static_cast<uint32_t>(item.size())) + item);
  }
  return out;
}

}  // namespace

std::string BothDoors::unique_key(const std::string& level) {
  return level == "STUDY" ? "0020000D" : level == "SERIES" ? "0020000E" : "00080018";
}

void BothDoors::open_doors(DicomwebOptions options) {
  serve(options);
  dicom_.reset();
  dicom::ServerOptions door;
  door.port = 0;
  auto made = dicom::Server::start(door, {}, *imaging_, authenticator_);
  ASSERT_TRUE(made.has_value()) << made.error().text;
  dicom_ = std::move(*made);
}

void BothDoors::put(const test::ImageRecipe& recipe) {
  auto object = dicom::receive_file(*imaging_, who_, std::nullopt);
  ASSERT_TRUE(object->write(test::make_file(recipe)).has_value());
  auto prepared = object->prepare();
  ASSERT_TRUE(prepared.has_value()) << prepared.error().text;
  std::vector<dicom::Prepared> all;
  all.push_back(std::move(*prepared));
  ASSERT_TRUE(imaging_->commit(who_, std::move(all)).has_value());
}

test::HttpAnswer BothDoors::by_web(const Ask& ask, const std::string& more) {
  std::string target = "/dicom-web/" + std::string(ask.level == "STUDY"    ? "studies"
                                                   : ask.level == "SERIES" ? "series"
                                                                           : "instances");
  target += "?limit=100000" + more;
  if (ask.fuzzy) target += "&fuzzymatching=true";
  if (ask.empty_values) target += "&emptyvaluematching=true";
  if (ask.all_values) target += "&multiplevaluematching=true";
  for (const auto& [path, value] : ask.keys) target += "&" + path + "=" + percent_encode(value);
  return get(target);
}

BothDoors::Responses BothDoors::by_dimse(const Ask& ask,
                                         const std::optional<std::string>& information) {
  // Relational, dates with times, fuzzy, zone, conversion, empty values, multiple values.
  std::string flags("\1\0\0\0\0\0\0", 7);
  flags[1] = ask.date_times ? 1 : 0;
  flags[2] = ask.fuzzy ? 1 : 0;
  flags[3] = ask.zones ? 1 : 0;
  flags[5] = ask.empty_values ? 1 : 0;
  flags[6] = ask.all_values ? 1 : 0;
  if (information) flags = *information;
  test::RawRequest request;
  request.contexts = {{1, kFind, {"1.2.840.10008.1.2"}}};
  const std::string model(kFind);
  if (!flags.empty()) {
    request.user_items =
        test::ul_item(0x56, test::be16(static_cast<uint16_t>(model.size())) + model + flags);
  }
  test::RawAssociation association(dicom_->port(), request);
  EXPECT_TRUE(association.established());

  std::map<uint32_t, Node> identifier;
  identifier[0x00080052].value = ask.level;
  if (!ask.charset.empty()) identifier[0x00080005].value = ask.charset;
  identifier[hex(unique_key(ask.level))].value = "";
  for (const auto& [path, value] : ask.keys) {
    std::map<uint32_t, Node>* level = &identifier;
    std::string_view rest = path;
    for (; rest.find('.') != std::string_view::npos; rest.remove_prefix(9)) {
      level = &(*level)[hex(rest.substr(0, 8))].item;
    }
    (*level)[hex(rest)].value = value;
  }
  EXPECT_TRUE(association.send_message(1, true,
                                       test::command_set({{0x0002, test::ui(model)},
                                                          {0x0100, le16(0x0020)},
                                                          {0x0110, le16(1)},
                                                          {0x0700, le16(0)},
                                                          {0x0800, le16(0)}})));
  EXPECT_TRUE(association.send_message(1, false, dataset_of(identifier)));
  Responses out;
  while (auto response = association.read_response(120'000)) {
    if ((response->status & 0xFF00) != 0xFF00) {
      out.last = response->status;
      out.comment = response->comment;
      return out;
    }
    out.matches.push_back(std::move(*response));
  }
  ADD_FAILURE() << "the association ended";
  return out;
}

std::set<std::string> BothDoors::found(const Ask& ask) {
  std::string asked = ask.level;
  for (const auto& [path, value] : ask.keys) asked += " " + path + "=" + value;
  const std::string key = unique_key(ask.level);
  std::set<std::string> web, dimse;
  const test::HttpAnswer answer = by_web(ask);
  EXPECT_EQ(answer.status, 200) << asked << answer.body;
  EXPECT_EQ(answer.header("Warning"), "") << asked;
  boost::system::error_code error;
  const json::value rows = json::parse(answer.body, error);
  EXPECT_FALSE(error) << answer.body;
  if (!error && rows.is_array()) {
    for (const json::value& row : rows.as_array()) {
      web.insert(std::string(row.at(key).at("Value").at(0).as_string()));
    }
  }
  const Responses responses = by_dimse(ask);
  EXPECT_EQ(responses.last, 0) << asked << " " << responses.comment;
  for (const test::RawResponse& response : responses.matches) {
    EXPECT_EQ(response.status, 0xFF00) << asked;
    dimse.insert(read_implicit(response.dataset)[key]);
  }
  EXPECT_EQ(web, dimse) << asked;
  return web;
}

std::map<std::string, std::string> read_implicit(const std::string& dataset) {
  const auto number = [&](size_t at, size_t n) {
    uint32_t v = 0;
    for (size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(dataset[at + i]);
    return v;
  };
  struct Open {
    std::string prefix;
    int item = -1;
  };
  std::vector<Open> open;
  std::map<std::string, std::string> out;
  for (size_t at = 0; at + 8 <= dataset.size();) {
    const uint32_t tag = number(at, 2) << 16 | number(at + 2, 2), length = number(at + 4, 4);
    at += 8;
    if (tag == 0xFFFEE000 && !open.empty()) {
      ++open.back().item;
      continue;
    }
    if (tag == 0xFFFEE00D) continue;
    if (tag == 0xFFFEE0DD) {
      if (!open.empty()) open.pop_back();
      continue;
    }
    char text[16];
    std::snprintf(text, sizeof text, "%08X", tag);
    const std::string path =
        open.empty() ? text
                     : open.back().prefix + "[" + std::to_string(open.back().item) + "]." + text;
    if (length == 0xFFFFFFFF) {
      open.push_back({path});
      continue;
    }
    std::string value = dataset.substr(at, length);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.pop_back();
    out[path] = std::move(value);
    at += length;
  }
  return out;
}

}  // namespace medarc::web
