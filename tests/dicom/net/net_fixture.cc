#include "tests/dicom/net/net_fixture.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/log.h"

namespace medarc::dicom::test {
namespace {

std::string tag(uint16_t group, uint16_t element) { return le16(group) + le16(element); }

std::string text_element(uint16_t group, uint16_t element, const char* vr, std::string value) {
  if (value.size() % 2 != 0) value += std::string(vr) == "UI" ? '\0' : ' ';
  return tag(group, element) + vr + le16(static_cast<uint16_t>(value.size())) + value;
}
std::string us_element(uint16_t group, uint16_t element, uint16_t value) {
  return tag(group, element) + "US" + le16(2) + le16(value);
}

}  // namespace

std::string ct_dataset(const std::string& instance, size_t pixel_bytes, const std::string& extra) {
  const auto rows = static_cast<uint16_t>(pixel_bytes / 2 / 512 + 1);
  std::string pixels(pixel_bytes, '\0');
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 7 + i / 251);
  return text_element(0x0008, 0x0016, "UI", kCt) + text_element(0x0008, 0x0018, "UI", instance) +
         text_element(0x0008, 0x0060, "CS", "CT") + extra +
         text_element(0x0010, 0x0010, "PN", "Invented^Person") +
         text_element(0x0010, 0x0020, "LO", "P-1") + text_element(0x0020, 0x000D, "UI", kStudy) +
         text_element(0x0020, 0x000E, "UI", kSeries) + us_element(0x0028, 0x0002, 1) +
         text_element(0x0028, 0x0004, "CS", "MONOCHROME2") + us_element(0x0028, 0x0010, rows) +
         us_element(0x0028, 0x0011, 512) + us_element(0x0028, 0x0100, 16) +
         us_element(0x0028, 0x0101, 16) + us_element(0x0028, 0x0102, 15) +
         us_element(0x0028, 0x0103, 0) + tag(0x7FE0, 0x0010) + "OW" + le16(0) +
         le32(static_cast<uint32_t>(pixels.size())) + pixels;
}

std::string ct_file(const std::filesystem::path& dir, const std::string& instance,
                    size_t pixel_bytes) {
  const std::string meta = tag(2, 1) + "OB" + le16(0) + le32(2) + std::string("\0\1", 2) +
                           text_element(2, 2, "UI", kCt) + text_element(2, 3, "UI", instance) +
                           text_element(2, 0x10, "UI", kExplicit) +
                           text_element(2, 0x12, "UI", "1.2.3.4");
  const std::string path = dir / (instance + ".dcm");
  std::ofstream out(path, std::ios::binary);
  out << std::string(128, '\0') << "DICM" << tag(2, 0) << "UL" << le16(4)
      << le32(static_cast<uint32_t>(meta.size())) << meta << ct_dataset(instance, pixel_bytes);
  return path;
}

Ran run(const std::string& command_line) {
  Ran out;
  FILE* pipe = ::popen(("env -u TCP_NODELAY " + command_line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  char chunk[4096];
  size_t n = 0;
  while ((n = ::fread(chunk, 1, sizeof chunk, pipe)) > 0) out.output.append(chunk, n);
  const int status = ::pclose(pipe);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

void NetTest::SetUp() {
  set_log_level(medarc::Level::error);
  options.port = 0;
  std::string name = std::filesystem::temp_directory_path() / "medarc-net-XXXXXX";
  dir = ::mkdtemp(name.data());
}

void NetTest::TearDown() {
  if (server) server->stop(0);
  server.reset();
  std::filesystem::remove_all(dir);
}

}  // namespace medarc::dicom::test
