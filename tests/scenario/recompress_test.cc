// Recompression as an operator meets it: a rule in the configuration, a server that is killed in
// the middle, the verbs. Every byte that was stored comes back at every stage.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/scenario/clients.h"
#include "tests/support/frames.h"
#include "tests/support/genome_maker.h"
#include "tests/support/image_object.h"

namespace medarc::test {
namespace {

constexpr int kImages = 12;

struct Image {
  std::string file, url;
};

Image make_image(int number) {
  ImageObject o;
  o.shape.rows = o.shape.columns = 192;
  o.shape.bits_allocated = 16;
  o.shape.bits_stored = 12;
  o.shape.high_bit = 11;
  o.shape.photometric = "MONOCHROME2";
  o.sop_uid = "2.25.77." + std::to_string(number);
  for (int f = 0; f < 2; ++f) {
    o.frames.push_back(make_frame(o.shape, static_cast<uint32_t>(number * 10 + f)).pixels);
  }
  return {make_file(o), "/dicom-web/studies/" + o.study_uid + "/series/" + o.series_uid +
                            "/instances/" + o.sop_uid};
}

// Of a counter without labels in /metrics; 0 while it is not there.
uint64_t metric(uint16_t port, const std::string& name) {
  const std::string text = http(port, "GET", "/metrics").body;
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
}

TEST(Recompress, ByARuleInTheBackgroundAcrossAKillAndBackByTheVerb) {
  TempDir dir;
  std::ofstream(dir / "rules.toml") << "[[dicom.recompress]]\nbytes_min = 10000\n"
                                       "[recompress]\nshare_percent = 100\nbusy_commits_s = 0\n";
  std::vector<Image> images;
  std::vector<std::string> import = {"import", "--data", dir / "data"};
  for (int i = 0; i < kImages; ++i) {
    images.push_back(make_image(i));
    import.push_back(dir / (std::to_string(i) + ".dcm"));
    std::ofstream(import.back(), std::ios::binary) << images.back().file;
  }
  ASSERT_EQ(run_medarc(import).exit_code, 0);
  const std::string first_frame = images[3].file.substr(
      images[3].file.size() - 2 * 192 * 192 * 2 - 16, 192 * 192 * 2);  // 16: trailing padding
  const auto all_there = [&](uint16_t port, const char* when) {
    for (const Image& image : images) {
      const auto got = http(port, "GET", image.url, {{"Accept", "application/dicom"}});
      ASSERT_EQ(got.status, 200) << when;
      EXPECT_NE(got.body.find(dataset_of(image.file)), std::string::npos) << when;
    }
    const auto frame = http(port, "GET", images[3].url + "/frames/1",
                            {{"Accept", "multipart/related; type=\"application/octet-stream\""}});
    EXPECT_NE(frame.body.find(first_frame), std::string::npos) << when;
  };
  const auto stored_bytes = [&] {
    return json_number(run_medarc({"stats", "--data", dir / "data", "--json"}).last_line(),
                       "stored_bytes");
  };
  const uint64_t plain = stored_bytes();
  {
    ServerProcess server(dir / "data", {"--config", dir / "rules.toml"});
    ASSERT_TRUE(server.ready());
    for (int i = 0; i < 3000 && metric(server.http_port(), "medarc_recompress_objects_total") < 3;
         ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_GE(metric(server.http_port(), "medarc_recompress_objects_total"), 3u);
    server.kill();
  }
  {
    ServerProcess server(dir / "data");  // the rules are gone; what was done stays readable
    ASSERT_TRUE(server.ready());
    all_there(server.http_port(), "killed and without rules");
  }
  const auto unruled = run_medarc({"recompress", "--data", dir / "data"});
  EXPECT_EQ(unruled.exit_code, 2) << unruled.err;
  const auto done =
      run_medarc({"recompress", "--data", dir / "data", "--config", dir / "rules.toml", "--json"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(json_number(done.last_line(), "commits"),
            json_number(done.last_line(), "commits_done"));
  const uint64_t small = stored_bytes();
  EXPECT_LT(small, plain * 9 / 10);
  for (const char* verb : {"gc", "verify"}) {
    const auto ran = run_medarc({verb, "--data", dir / "data", "--json"});
    EXPECT_EQ(ran.exit_code, 0) << verb << ran.out << ran.err;
  }
  const auto compared = run_medarc({"rebuild-index", "--data", dir / "data", "--compare"});
  EXPECT_EQ(compared.exit_code, 0) << compared.out << compared.err;
  EXPECT_EQ(stored_bytes(), small);
  {
    ServerProcess server(dir / "data");
    ASSERT_TRUE(server.ready());
    all_there(server.http_port(), "all recompressed, collected, index made anew");
  }
  // Without a codec nobody is told that bytes are damaged.
  const auto blind = run_medarc(
      {"verify", "--data", dir / "data", "--set", "codec.program=/nowhere/medarc-codec"});
  EXPECT_EQ(blind.exit_code, 3) << blind.out;
  EXPECT_EQ(blind.out.find("corrupt"), std::string::npos) << blind.out;
  const auto expanded = run_medarc({"recompress", "--expand", "--data", dir / "data", "--json"});
  ASSERT_EQ(expanded.exit_code, 0) << expanded.err;
  EXPECT_EQ(json_number(expanded.last_line(), "objects"), static_cast<uint64_t>(kImages));
  EXPECT_EQ(stored_bytes(), plain);
  EXPECT_EQ(
      run_medarc({"verify", "--data", dir / "data", "--set", "codec.program=/nowhere/medarc-codec"})
          .exit_code,
      0);
}

// The cold form of a genome file: a server that has neither rules nor anything else than the
// archive serves it as it came.
TEST(Recompress, AGenomeFileByARuleAndBackByTheVerb) {
  TempDir dir;
  std::ofstream(dir / "rules.toml") << "[[genomics.cold]]\nformat = \"bam\"\n";
  BamOptions options;
  options.records = 20'000;
  const std::string bam = make_bam(options).bytes;
  write_file(dir / "reads.bam", bam);
  ASSERT_EQ(run_medarc({"import", "--data", dir / "data", dir / "reads.bam"}).exit_code, 0);
  const auto stored_bytes = [&] {
    return json_number(run_medarc({"stats", "--data", dir / "data", "--json"}).last_line(),
                       "stored_bytes");
  };
  const uint64_t plain = stored_bytes();
  const auto done =
      run_medarc({"recompress", "--data", dir / "data", "--config", dir / "rules.toml", "--json"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(json_number(done.last_line(), "files"), 1u) << done.out;
  EXPECT_LT(stored_bytes(), plain - bam.size() / 10);
  for (const char* verb : {"gc", "verify"}) {
    const auto ran = run_medarc({verb, "--data", dir / "data", "--json"});
    EXPECT_EQ(ran.exit_code, 0) << verb << ran.out << ran.err;
  }
  const auto compared = run_medarc({"rebuild-index", "--data", dir / "data", "--compare"});
  EXPECT_EQ(compared.exit_code, 0) << compared.out << compared.err;
  const auto served = [&](bool cold) {
    ServerProcess server(dir / "data");
    ASSERT_TRUE(server.ready());
    const uint16_t port = server.http_port();
    const std::string list = http(port, "GET", "/genomics/files").body;
    const size_t at = list.find("\"id\":\"") + 6;
    const std::string url = "/genomics/files/" + list.substr(at, list.find('"', at) - at);
    EXPECT_TRUE(http(port, "GET", url + "/content").body == bam);
    EXPECT_TRUE(http(port, "GET", url + "/content", {{"Range", "bytes=70000-99999"}}).body ==
                bam.substr(70'000, 30'000));
    const std::string storage = http(port, "GET", url + "/storage").body;
    EXPECT_NE(storage.find(cold ? "\"cold\":true" : "\"cold\":false"), std::string::npos)
        << storage;
    EXPECT_EQ(json_number(storage, "bytes"), bam.size());
    EXPECT_EQ(json_number(storage, "storedBytes") < bam.size(), cold) << storage;
    EXPECT_EQ(http(port, "GET", url + "/storage?nonsense=1").status, 400);
    EXPECT_EQ(http(port, "GET", url + "x/storage").status, 404);
  };
  served(true);
  const auto expanded = run_medarc({"recompress", "--expand", "--data", dir / "data", "--json"});
  ASSERT_EQ(expanded.exit_code, 0) << expanded.err;
  EXPECT_EQ(json_number(expanded.last_line(), "files"), 1u);
  EXPECT_EQ(stored_bytes(), plain);
  served(false);
}

}  // namespace
}  // namespace medarc::test
