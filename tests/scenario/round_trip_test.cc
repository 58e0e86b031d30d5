// The thread through all of it, on the real binary with other people's clients: storescu, samtools.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/scenario/clients.h"
#include "tools/sample/patient.h"

namespace medarc::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

void spill(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// One archive with the sample patient in it, shared by the tests of this file.
class RoundTrip : public ::testing::Test {
 protected:
  struct World {
    TempDir dir;
    tools::sample::Sample sample;
    std::unique_ptr<ServerProcess> server;
    std::string bam_id;
    bool complete = false;
  };

  static void SetUpTestSuite() {
    world_ = new World;
    tools::sample::SampleOptions options;
    options.slices_count = 6;
    options.size = 128;
    options.frames_count = 5;
    options.pairs_count = 4000;
    auto sample = tools::sample::write_sample(world_->dir / "sample", options, nullptr);
    ASSERT_TRUE(sample.has_value());
    world_->sample = *sample;
    world_->server = std::make_unique<ServerProcess>(world_->dir / "data");
    ASSERT_TRUE(world_->server->ready()) << world_->server->ready_line();
    const auto pushed = run_command({"storescu", "-aec", "MEDARC", "+sd", "+r", "127.0.0.1",
                                     std::to_string(world_->server->dicom_port()),
                                     world_->dir / "sample/ct", world_->dir / "sample/cine"});
    ASSERT_EQ(pushed.exit_code, 0) << pushed.out << pushed.err;
    HttpClient client(http_port(), 30'000);
    for (const char* name : {"reads.bam", "reads_R1.fastq.gz", "reads_R2.fastq.gz"}) {
      const auto id = upload(client, name, patient(), slurp(sample_path("genome/" + std::string(name))));
      ASSERT_TRUE(id) << name;
      if (std::string(name) == "reads.bam") world_->bam_id = *id;
    }
    world_->complete = true;
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }
  void SetUp() override { ASSERT_TRUE(world_->complete) << "the archive could not be filled"; }

  static uint16_t http_port() { return world_->server->http_port(); }
  static std::string sample_path(const std::string& name) { return world_->dir / ("sample/" + name); }
  static std::string patient() { return world_->sample.issuer + "|" + world_->sample.patient_id; }
  static HttpAnswer get(const std::string& target, const HttpClient::Headers& headers = {}) {
    return http(http_port(), "GET", target, headers);
  }
  // Where an instance of the sample is, by its file.
  static std::string instance_url(const std::string& part10, bool ct) {
    const auto& s = world_->sample;
    // 0002,0003 is written second in the file meta: 12 bytes of length, 14 of version.
    const size_t class_at = 132 + 12 + 14;
    const size_t class_length = static_cast<uint8_t>(part10[class_at + 6]);
    const size_t uid_at = class_at + 8 + class_length;
    std::string uid = part10.substr(uid_at + 8, static_cast<uint8_t>(part10[uid_at + 6]));
    while (!uid.empty() && uid.back() == '\0') uid.pop_back();
    return "/dicom-web/studies/" + (ct ? s.ct_study : s.cine_study) + "/series/" +
           (ct ? s.ct_series : s.cine_series) + "/instances/" + uid;
  }
  static void expect_everything() {
    for (const tools::sample::SampleFile& file : world_->sample.files) {
      if (!file.path.ends_with(".dcm")) continue;
      const std::string bytes = slurp(sample_path(file.path));
      const HttpAnswer back = get(instance_url(bytes, file.path.starts_with("ct/")) + "/original");
      ASSERT_EQ(back.status, 200) << file.path;
      EXPECT_EQ(sha256_hex(dataset_of(back.body)), sha256_hex(dataset_of(bytes))) << file.path;
    }
    const HttpAnswer bam = get("/genomics/files/" + world_->bam_id + "/content");
    EXPECT_EQ(bam.status, 200);
    EXPECT_EQ(sha256_hex(bam.body), sha256_hex(slurp(sample_path("genome/reads.bam"))));
  }

  static World* world_;
};

RoundTrip::World* RoundTrip::world_ = nullptr;

TEST_F(RoundTrip, D1StorescuIsGivenBackByteForByte) { expect_everything(); }

TEST_F(RoundTrip, S1StowIsGivenBackByteForByte) {
  std::vector<SmallObject> objects;
  for (uint64_t i = 0; i < 5; ++i) objects.push_back(make_object(9000 + i, 3000 * (i + 1)));
  HttpClient client(http_port());
  ASSERT_TRUE(stow(client, objects));
  ASSERT_TRUE(stow(client, objects)) << "the same again is a success";
  for (const SmallObject& object : objects) {
    const HttpAnswer back = get(object.url());
    ASSERT_EQ(back.status, 200);
    EXPECT_EQ(sha256_hex(back.body), sha256_hex(object.file));
  }
}

TEST_F(RoundTrip, Q1StudiesAreFoundByWhatTheyAre) {
  const std::string query = "/dicom-web/studies?PatientID=" + world_->sample.patient_id;
  const HttpAnswer found = get(query, {{"Accept", "application/dicom+json"}});
  ASSERT_EQ(found.status, 200);
  EXPECT_NE(found.body.find(world_->sample.ct_study), std::string::npos);
  EXPECT_NE(found.body.find(world_->sample.cine_study), std::string::npos);
  const HttpAnswer one = get("/dicom-web/studies?AccessionNumber=" + world_->sample.accession);
  EXPECT_NE(one.body.find(world_->sample.ct_study), std::string::npos);
  EXPECT_EQ(one.body.find(world_->sample.cine_study), std::string::npos);
  EXPECT_EQ(get("/dicom-web/studies?AccessionNumber=none").body.find("0020000D"), std::string::npos);
}

TEST_F(RoundTrip, W1AFrameIsTheFramesBytes) {
  const std::string file = slurp(sample_path("cine/001.dcm"));
  const size_t frame_bytes = 480 * 640;
  const HttpAnswer answer =
      get(instance_url(file, false) + "/frames/3",
          {{"Accept", "multipart/related; type=\"application/octet-stream\""}});
  ASSERT_EQ(answer.status, 200);
  const std::string frame = file.substr(file.size() - 5 * frame_bytes + 2 * frame_bytes, frame_bytes);
  EXPECT_NE(answer.body.find(frame), std::string::npos);
  EXPECT_LT(answer.body.size(), frame_bytes + 1000);
}

TEST_F(RoundTrip, H1ARegionHoldsExactlyTheRecordsOfSamtools) {
  const std::string bam = sample_path("genome/reads.bam");
  ASSERT_EQ(run_command({"samtools", "index", bam}).exit_code, 0);
  for (const std::string region : {"chr1:100001-160000", "chr1:1-2000000", "chr2:500000-600000"}) {
    const HttpAnswer slice =
        get("/genomics/files/" + world_->bam_id + "/slice?region=" + url_encode(region));
    ASSERT_EQ(slice.status, 200) << region;
    spill(world_->dir / "slice.bam", slice.body);
    EXPECT_EQ(run_command({"samtools", "quickcheck", world_->dir / "slice.bam"}).exit_code, 0);
    const auto ours = run_command({"samtools", "view", world_->dir / "slice.bam"});
    const auto theirs = run_command({"samtools", "view", bam, region});
    EXPECT_FALSE(theirs.out.empty());
    EXPECT_EQ(sha256_hex(ours.out), sha256_hex(theirs.out)) << region;
  }
}

TEST_F(RoundTrip, F1ImagesAndGenomeBelongToOnePatient) {
  const HttpAnswer found =
      get("/fhir/Patient?identifier=" + url_encode(patient()), {{"Accept", "application/fhir+json"}});
  ASSERT_EQ(found.status, 200);
  ASSERT_EQ(json_number(found.body, "total"), 1u) << found.body;
  const size_t at = found.body.find("\"resourceType\":\"Patient\"");
  ASSERT_NE(at, std::string::npos);
  const auto ids = json_values(found.body.substr(at), "id");
  ASSERT_FALSE(ids.empty());
  const HttpAnswer everything = get("/fhir/Patient/" + ids.front() + "/$everything");
  ASSERT_EQ(everything.status, 200);
  EXPECT_NE(everything.body.find("ImagingStudy"), std::string::npos);
  EXPECT_NE(everything.body.find("DocumentReference"), std::string::npos);
  EXPECT_NE(everything.body.find(world_->sample.ct_study), std::string::npos);
  EXPECT_NE(everything.body.find(world_->bam_id), std::string::npos);
}

// Last: it stops the server and looks at the archive from outside.
TEST_F(RoundTrip, ZARestartKeepsEverythingAndTheVerbsAgree) {
  ASSERT_EQ(world_->server->stop(), 0);
  const std::string data = world_->dir / "data";
  const auto verify = run_medarc({"verify", "--data", data, "--json"});
  EXPECT_EQ(verify.exit_code, 0) << verify.err << verify.out;
  EXPECT_EQ(json_number(verify.last_line(), "corrupt"), 0u);
  EXPECT_EQ(json_number(verify.last_line(), "dangling"), 0u);
  EXPECT_GE(json_number(verify.last_line(), "objects"), 10u);
  const auto gc = run_medarc({"gc", "--dry-run", "--data", data, "--json"});
  EXPECT_EQ(gc.exit_code, 0);
  EXPECT_EQ(json_number(gc.last_line(), "blobs"), 0u) << gc.out;
  EXPECT_EQ(json_number(gc.last_line(), "bytes"), 0u) << gc.out;
  const auto rebuilt = run_medarc({"rebuild-index", "--data", data, "--compare", "--json"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
  EXPECT_GT(json_number(rebuilt.last_line(), "rows"), 100u);
  EXPECT_EQ(run_medarc({"audit", "verify", "--data", data}).exit_code, 0);

  const auto exported = run_medarc({"export", "--data", data, "--to", world_->dir / "out", "--json"});
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  std::ifstream manifest(world_->dir / "out/manifest.tsv");
  std::string path, kind, id, bytes, digest, line;
  std::getline(manifest, line);
  size_t files = 0;
  while (manifest >> path >> kind >> id >> bytes >> digest) {
    EXPECT_EQ(sha256_hex(slurp(world_->dir / ("out/" + path))), digest) << path;
    ++files;
  }
  EXPECT_EQ(files, json_number(exported.last_line(), "objects"));

  world_->server = std::make_unique<ServerProcess>(data);
  ASSERT_TRUE(world_->server->ready());
  expect_everything();
}

TEST_F(RoundTrip, ImportStoresWhatTheDoorsStore) {
  TempDir dir;
  const std::vector<std::string> words = {"import", "--data", dir / "data", "--json", "--patient", patient(), sample_path("")};
  const auto first = run_medarc(words);
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  EXPECT_EQ(json_number(first.last_line(), "instances"), 7u) << first.out;
  EXPECT_EQ(json_number(first.last_line(), "genomes"), 3u) << first.out;
  const auto second = run_medarc(words);
  EXPECT_EQ(json_number(second.last_line(), "duplicates"), 10u) << second.out;
  EXPECT_EQ(run_medarc({"verify", "--data", dir / "data"}).exit_code, 0);
  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready());
  const std::string file = slurp(sample_path("cine/001.dcm"));
  const HttpAnswer back = http(server.http_port(), "GET", instance_url(file, false) + "/original");
  EXPECT_EQ(sha256_hex(back.body), sha256_hex(file));
}

}  // namespace
}  // namespace medarc::test
