#include "tests/scenario/clients.h"

#include <cstring>

#include "archive/hash.h"
#include "tools/sample/dicom_file.h"
#include "tools/sample/random.h"
#include "tools/sample/reads.h"

namespace medarc::test {
namespace {

constexpr std::string_view kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";
constexpr std::string_view kBoundary = "medarc-scenario-boundary";

}  // namespace

std::string sha256_hex(std::string_view bytes) { return archive::Sha256::of(bytes).hex(); }

std::string url_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (isalnum(static_cast<unsigned char>(c)) || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<uint8_t>(c) >> 4];
      out += kDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

std::string dataset_of(std::string_view part10) {
  // 0002,0000 UL 4 bytes comes first: 8 bytes of header, then the length of the rest of the group.
  uint32_t length = 0;
  std::memcpy(&length, part10.data() + 132 + 8, sizeof length);
  return std::string(part10.substr(132 + 12 + length));
}

std::string SmallObject::url() const {
  return "/dicom-web/studies/" + study + "/series/" + series + "/instances/" + instance +
         "/original";
}

SmallObject make_object(uint64_t number, size_t pixel_bytes, const std::string& patient) {
  namespace s = tools::sample;
  SmallObject out;
  const std::string n = std::to_string(number);
  out.study = s::make_uid("scenario study " + n);
  out.series = s::make_uid("scenario series " + n);
  out.instance = s::make_uid("scenario instance " + n);
  out.sop_class = kSecondaryCapture;
  s::DicomFile file;
  const auto columns = static_cast<uint16_t>(256);
  const auto rows = static_cast<uint16_t>(std::max<size_t>(1, pixel_bytes / columns));
  file.text(0x00080016, "UI", out.sop_class);
  file.text(0x00080018, "UI", out.instance);
  file.text(0x00080020, "DA", "20260120");
  file.text(0x00080050, "SH", "S" + n);
  file.text(0x00080060, "CS", "OT");
  file.text(0x00100010, "PN", "Scenario^Number" + (patient.empty() ? n : patient));
  file.text(0x00100020, "LO", patient.empty() ? "SC-" + n : patient);
  file.text(0x0020000D, "UI", out.study);
  file.text(0x0020000E, "UI", out.series);
  file.text(0x00200013, "IS", "1");
  file.us(0x00280002, 1);
  file.text(0x00280004, "CS", "MONOCHROME2");
  file.us(0x00280010, rows);
  file.us(0x00280011, columns);
  file.us(0x00280100, 8);
  file.us(0x00280101, 8);
  file.us(0x00280102, 7);
  file.us(0x00280103, 0);
  s::Random random(number + 1);
  std::string pixels(size_t{rows} * columns, '\0');
  for (char& p : pixels) p = static_cast<char>(random.next());
  file.pixels("OB", std::move(pixels));
  out.file = file.encode();
  out.dataset = dataset_of(out.file);
  return out;
}

std::string make_bam(uint64_t number) {
  tools::sample::ReadsOptions options;
  options.pairs_count = 60;
  options.reference_bytes = 9000;
  options.seed = number + 1;
  options.sample = "SC-" + std::to_string(number);
  StringSink out;
  return tools::sample::write_bam(options, out).has_error() ? std::string() : out.text;
}

std::string make_fastq(uint64_t number, size_t records_count) {
  tools::sample::Random random(number + 77);
  std::string out;
  for (size_t i = 0; i < records_count; ++i) {
    out += "@r" + std::to_string(number) + "." + std::to_string(i) + "\n";
    for (int b = 0; b < 100; ++b) out += "ACGT"[random.below(4)];
    out += "\n+\n" + std::string(100, 'F') + "\n";
  }
  return out;
}

RawRequest store_request(const std::string& calling) {
  RawRequest request;
  request.calling = calling;
  RawContext store;
  store.id = 1;
  store.abstract_syntax = kSecondaryCapture;
  store.transfer_syntaxes = {std::string(tools::sample::kExplicitLittleEndian)};
  RawContext echo;
  echo.id = 3;
  echo.abstract_syntax = "1.2.840.10008.1.1";
  echo.transfer_syntaxes = {"1.2.840.10008.1.2"};
  request.contexts = {store, echo};
  return request;
}

bool c_store(RawAssociation& association, const SmallObject& object) {
  const auto answer = association.store(1, object.sop_class, object.instance, object.dataset);
  return answer && answer->status == 0;
}

std::string stow_body(const std::vector<SmallObject>& objects) {
  std::string body;
  for (const SmallObject& object : objects) {
    body += "--" + std::string(kBoundary) + "\r\nContent-Type: application/dicom\r\n\r\n" +
            object.file + "\r\n";
  }
  return body + "--" + std::string(kBoundary) + "--\r\n";
}

bool stow(HttpClient& client, const std::vector<SmallObject>& objects) {
  const HttpAnswer answer = client.request(
      "POST", "/dicom-web/studies",
      {{"Content-Type", "multipart/related; type=\"application/dicom\"; boundary=" +
                            std::string(kBoundary)},
       {"Accept", "application/dicom+json"}},
      stow_body(objects));
  return answer.status == 200;
}

std::optional<std::string> upload(HttpClient& client, const std::string& name,
                                  const std::string& patient, const std::string& bytes) {
  std::string target = "/genomics/files?name=" + url_encode(name);
  if (!patient.empty()) target += "&patient=" + url_encode(patient);
  const HttpAnswer answer =
      client.request("POST", target, {{"Content-Type", "application/octet-stream"}}, bytes);
  if (answer.status != 201 && answer.status != 200) return std::nullopt;
  const auto ids = json_values(answer.body, "id");
  return ids.empty() ? std::nullopt : std::optional(ids.front());
}

std::vector<std::string> json_values(const std::string& json, const std::string& key) {
  std::vector<std::string> out;
  const std::string mark = "\"" + key + "\"";
  for (size_t at = json.find(mark); at != std::string::npos; at = json.find(mark, at + 1)) {
    size_t begin = json.find_first_not_of(" :\n", at + mark.size());
    if (begin == std::string::npos) break;
    if (json[begin] == '"') {
      out.push_back(json.substr(begin + 1, json.find('"', begin + 1) - begin - 1));
    } else {
      out.push_back(json.substr(begin, json.find_first_of(",}] \n", begin) - begin));
    }
  }
  return out;
}

uint64_t json_number(const std::string& json, const std::string& key) {
  const auto values = json_values(json, key);
  if (values.empty() || values[0].empty() || !isdigit(static_cast<unsigned char>(values[0][0]))) {
    return UINT64_MAX;
  }
  return std::stoull(values[0]);
}

}  // namespace medarc::test
