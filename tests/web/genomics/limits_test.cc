// What a client is told that goes over a limit of genomics/limits.h or of this door: the status,
// and the setting by its name.
#include "tests/support/crypt4gh_maker.h"
#include "tests/support/fasta_maker.h"
#include "tests/support/settings.h"
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"
#include "web/genomics/beacon_options.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::HttpClient;

class GenomeLimits : public GenomeTest {
 protected:
  // As GenomeTest::serve(), for other limits over the same archive.
  void again(genomics::Limits limits, GenomicsOptions options = {}) {
    server_.reset();
    uploads_.reset();
    serve(options, limits);
  }
  HttpAnswer resumed(const std::string& bytes) {
    const auto made =
        test::http(port(), "POST", "/uploads",
                   {{"Tus-Resumable", "1.0.0"}, {"Upload-Length", std::to_string(bytes.size())}});
    if (made.status != 201) return made;
    const std::string url = made.header("Location");
    return test::http(port(), "PATCH", url.substr(url.find("/uploads/")),
                      {{"Tus-Resumable", "1.0.0"},
                       {"Upload-Offset", "0"},
                       {"Content-Type", "application/offset+octet-stream"}},
                      bytes);
  }
  static void expect_named(const HttpAnswer& answer, int status, const std::string& limit) {
    EXPECT_EQ(answer.status, status) << limit << ": " << answer.body;
    EXPECT_NE(answer.body.find(limit), std::string::npos) << answer.body;
  }
  std::string cram() {
    test::write_file(dir_ / "x.bam", test::make_bam({.records = 100}).bytes);
    test::run_tool({"samtools", "view", "-C", "--output-fmt-option", "no_ref=1", "-o",
                    dir_ / "x.cram", dir_ / "x.bam"});
    return test::read_file(dir_ / "x.cram");
  }
  // A POST body of htsget: `count` regions of one base, far enough apart to stay that many.
  static std::string regions_of(size_t count, const std::string& more = "") {
    json::array out;
    for (size_t i = 0; i < count; ++i) {
      out.push_back({{"referenceName", "chr1"}, {"start", i * 50}, {"end", i * 50 + 1}});
    }
    return "{" + more + "\"regions\":" + json::serialize(out) + "}";
  }
};

TEST_F(GenomeLimits, AnUploadOverOneIsRefusedByEitherWayInAndLeavesNothing) {
  const std::string bam =
      test::make_bam({.records = 500, .samples = {"S1", "S2"}, .long_read_straddles = true}).bytes;
  const std::string fastq = test::make_fastq({.records = 10}), vcf = test::make_vcf();
  const std::string fasta = test::to_fasta({{"a", "ACGT"}, {"b", "ACGT"}, {"c", "ACGT"}});
  using genomics::Limits;
  const struct {
    const char* limit;
    void (*lower)(Limits&);
    const std::string bytes;
  } cases[] = {
      {"file_bytes_max", [](Limits& l) { l.file_bytes_max = 100; }, fastq},
      {"header_bytes_max", [](Limits& l) { l.header_bytes_max = 50; }, bam},
      {"header_bytes_max", [](Limits& l) { l.header_bytes_max = 50; }, vcf},
      {"references_max", [](Limits& l) { l.references_max = 2; }, bam},
      {"references_max", [](Limits& l) { l.references_max = 2; }, vcf},
      {"references_max", [](Limits& l) { l.references_max = 2; }, fasta},
      {"record_bytes_max", [](Limits& l) { l.record_bytes_max = 10'000; }, bam},
      {"line_bytes_max", [](Limits& l) { l.line_bytes_max = 30; }, fastq},
      {"line_bytes_max", [](Limits& l) { l.line_bytes_max = 30; }, vcf},
      {"samples_max", [](Limits& l) { l.samples_max = 1; }, bam},
      {"samples_max", [](Limits& l) { l.samples_max = 1; }, vcf},
      {"blocks_max", [](Limits& l) { l.blocks_max = 3; }, bam},
      {"cram_container_header_bytes_max", [](Limits& l) { l.cram_container_header_bytes_max = 12; },
       cram()},
  };
  for (const auto& one : cases) {
    Limits limits;
    one.lower(limits);
    again(limits);
    expect_named(post("/genomics/files", one.bytes), 413, one.limit);
    expect_named(resumed(one.bytes), 413, one.limit);
    EXPECT_EQ(json::parse(get("/genomics/files").body).at("files").as_array().size(), 0u);
  }
  again({});
  for (const auto& one : cases) {
    EXPECT_EQ(post("/genomics/files", one.bytes).status, 201) << one.limit;
  }
}

TEST_F(GenomeLimits, AFileIdHasSoManyCharacters) {
  serve();
  const std::string fastq = test::make_fastq({.records = 1});
  EXPECT_EQ(post("/genomics/files?id=" + std::string(65, 'a'), fastq).status, 400);
  EXPECT_EQ(post("/genomics/files?id=" + std::string(64, 'a'), fastq).status, 201);
}

TEST_F(GenomeLimits, MoreSequencesThanAreRegisteredAreNotFound) {
  const std::vector<test::MadeSequence> sequences = {{"a", "ACGTA"}, {"b", "ACGTC"}};
  genomics::Limits limits;
  limits.registered_sequences_max = 1;
  again(limits);
  const auto row = upload("fasta", test::to_fasta(sequences));
  EXPECT_NE(json::serialize(row).find("genomics.registered_sequences_max"), std::string::npos);
  EXPECT_EQ(get("/refget/sequence/" + sequences[0].md5_hex()).status, 404);
}

TEST_F(GenomeLimits, MoreRegionsThanTheLimitAreRefusedOfEveryFormat) {
  genomics::Limits limits;
  limits.regions_max = 2;
  again(limits);
  upload("bam", test::make_bam({.records = 100}).bytes);
  upload("cram", cram());
  upload("vcf", test::bgzip(test::make_vcf({.records = 100})));
  for (const std::string id : {"bam", "cram", "vcf"}) {
    const std::string slice = "/genomics/files/" + id + "/slice?region=chr1:1-2&region=chr1:5-6";
    EXPECT_EQ(get(slice).status, 200) << id;
    expect_named(get(slice + "&region=chr2:7-8"), 413, "genomics.regions_max");
    const std::string ask = std::string("/htsget/") + (id == "vcf" ? "variants/" : "reads/") + id;
    EXPECT_EQ(post(ask, regions_of(2)).status, 200) << id;
    const HttpAnswer refused = post(ask, regions_of(3));
    expect_named(refused, 413, "genomics.regions_max");
    EXPECT_EQ(error_of(refused), "PayloadTooLarge");
  }
}

TEST_F(GenomeLimits, MoreRegionsThanALinkHoldsAreRefused) {
  genomics::Limits limits;
  limits.recode_eager_bytes_max = 1;
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  again(limits, options);
  upload("bam", test::make_bam().bytes);
  EXPECT_EQ(post("/htsget/reads/bam", regions_of(10)).status, 200);
  const HttpAnswer refused = post("/htsget/reads/bam", regions_of(3'000));
  expect_named(refused, 413, "too many regions for one ticket");
  EXPECT_EQ(error_of(refused), "PayloadTooLarge");
}

TEST_F(GenomeLimits, MoreTagsThanTheLimitAreRefused) {
  GenomicsOptions options;
  options.tags_max = 2;
  again({}, options);
  upload("bam", test::make_bam({.records = 100}).bytes);
  for (const char* which : {"tags", "notags"}) {
    const std::string query = std::string("?") + which + "=NM,MD";
    for (const char* path : {"/htsget/reads/bam", "/genomics/files/bam/slice"}) {
      EXPECT_EQ(get(path + query).status, 200) << path;
      expect_named(get(path + query + ",RG"), 413, "genomics.tags_max");
    }
    const auto body = [&](const char* tags) {
      return json::serialize(json::value{{which, json::parse(tags)}});
    };
    EXPECT_EQ(post("/htsget/reads/bam", body(R"(["NM","MD"])")).status, 200);
    expect_named(post("/htsget/reads/bam", body(R"(["NM","MD","RG"])")), 413, "genomics.tags_max");
  }
}

TEST_F(GenomeLimits, BodiesOverTheLimitAreRefused) {
  GenomicsOptions options;
  options.post_bytes_max = 1'024;
  again({}, options);
  upload("bam", test::make_bam({.records = 100}).bytes);
  const auto padded = [](const std::string& body, size_t size) {
    return body + std::string(size - body.size(), ' ');
  };
  const HttpClient::Headers any = {{"If-Match", "*"}};
  const struct {
    const char *method, *path, *body;
    size_t most;
    int fits;
  } cases[] = {
      {"POST", "/htsget/reads/bam", R"({"format":"BAM"})", 1'024, 200},
      {"POST", "/htsget/variants/bam", R"({"format":"VCF"})", 1'024, 404},
      {"POST", "/ga4gh/drs/v1/objects", R"({"bulk_object_ids":["none"]})", 1'024, 200},
      {"PUT", "/genomics/files/bam/consent", "{}", 4u << 20, 200},
  };
  for (const auto& one : cases) {
    const auto sent = [&](size_t size) {
      return test::http(port(), one.method, one.path, any, padded(one.body, size));
    };
    const HttpAnswer fits = sent(one.most);
    EXPECT_EQ(fits.status, one.fits) << one.path << fits.body;
    EXPECT_EQ(sent(one.most + 1).status, 413) << one.path;
  }
  // Each in its door's own form.
  const HttpAnswer ticket = post("/htsget/reads/bam", std::string(1'025, ' '));
  expect_named(ticket, 413, "genomics.post_bytes_max");
  EXPECT_EQ(error_of(ticket), "PayloadTooLarge");
  const HttpAnswer object = post("/ga4gh/drs/v1/objects", std::string(1'025, ' '));
  expect_named(object, 413, "genomics.post_bytes_max");
  EXPECT_EQ(json::parse(object.body).at("status_code").as_int64(), 413);
  // Far over it is not even read to its end.
  EXPECT_EQ(post("/htsget/reads/bam", std::string(17 * 1'024, ' ')).status, 413);
}

TEST_F(GenomeLimits, APileupOfTooMuchIsRefused) {
  const std::string pileup = "/genomics/files/bam/pileup?region=chr1:5120-5200&orphans=true";
  genomics::Limits limits;
  limits.pileup_bytes_max = 100;
  again(limits);
  upload("bam", test::make_bam().bytes);
  expect_named(get(pileup), 413, "genomics.pileup_bytes_max");
  limits = {};
  limits.pileup_lead_bases_max = 1;
  again(limits);
  expect_named(get(pileup), 413, "genomics.pileup_lead_bases_max");
  again({});
  EXPECT_EQ(get(pileup).status, 200);
}

TEST_F(GenomeLimits, WithoutACramWorkerTheServiceIsUnavailable) {
  const std::string bytes = cram();
  serve();
  upload("cram", bytes);
  genomics::Limits limits;
  limits.worker_program = dir_ / "nothing";
  again(limits);
  for (const HttpAnswer& answer :
       {post("/genomics/files", bytes), get("/genomics/files/cram/slice?format=bam&region=chr1")}) {
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_FALSE(answer.header("Retry-After").empty());
  }
}

TEST_F(GenomeLimits, ConsentAndPurposesAreCounted) {
  serve();
  upload("bam", test::make_bam({.records = 100}).bytes);
  const auto put = [&](const json::value& consent) {
    return test::http(port(), "PUT", "/genomics/files/bam/consent", {{"If-Match", "*"}},
                      json::serialize(consent));
  };
  const auto many = [](size_t count, const json::value& one) { return json::array(count, one); };
  const json::value region = {{"region", "chr1:1-2"}};
  expect_named(put({{"terms", many(65, "HMB")}}), 413, "genomics.consent_terms_max");
  expect_named(put({{"regions", many(1'001, region)}}), 413, "genomics.consent_regions_max");
  EXPECT_EQ(put({{"regions", many(1'000, region)}}).status, 200);
  ASSERT_EQ(put({{"terms", many(64, "HMB")}}).status, 200);
  std::string purpose = "HMB";  // the same one twice counts once
  for (int i = 1; i < 64; ++i) purpose += ",DS=MONDO:" + std::to_string(1'000'000 + i);
  const std::string slice = "/genomics/files/bam/slice?purpose=";
  EXPECT_EQ(get(slice + purpose).status, 200);
  expect_named(get(slice + purpose + ",IRB"), 413, "genomics.consent_terms_max");
}

class Crypt4ghDoorLimits : public GenomeLimits {
 protected:
  void begin(const genomics::Crypt4ghLimits& limits) {
    server_.reset();
    uploads_.reset();
    store_ = genomics::GenomeStore::create(
        *index_, *guard_, {}, {},
        std::make_unique<genomics::crypt4gh::Vault>(posix_fs(), dir_ / "keys", limits));
    uploads_ =
        std::move(*genomics::ResumableUploads::open(posix_fs(), dir_ / "uploads", *store_, {}));
    ServerOptions options;
    options.port = 0;
    server_ =
        std::move(*Server::start(options, genomics_routes(*store_, *uploads_, {}), authenticator_));
  }
  const test::Crypt4ghKey bob_ = test::Crypt4ghKey::make();
};

TEST_F(Crypt4ghDoorLimits, HeadersKeysAndRecipients) {
  genomics::Crypt4ghLimits limits;
  limits.packets_max = 3;
  begin(limits);
  const std::string packet = test::crypt4gh_packet("x", bob_.known);
  expect_named(post("/genomics/files", test::crypt4gh_header({packet, packet, packet, packet})),
               413, "genomics.crypt4gh_packets_max");
  limits = {};
  limits.header_bytes_max = 1'024;
  limits.recipients_max = 1;
  begin(limits);
  const std::string large = test::crypt4gh_packet(std::string(2'000, 'x'), bob_.known);
  expect_named(post("/genomics/files", test::crypt4gh_header({large})), 413,
               "genomics.crypt4gh_header_bytes_max");
  const auto put = [&](const std::string& name, const std::string& body) {
    return test::http(port(), "PUT", "/genomics/crypt4gh/recipients/" + name, {}, body);
  };
  EXPECT_EQ(put("bob", to_base64(bob_.known)).status, 201);
  expect_named(put("alice", to_base64(bob_.known)), 409, "genomics.crypt4gh_recipients_max");
  EXPECT_EQ(put("alice", std::string((64u << 10) + 1, 'x')).status, 413) << "no key is as long";
}

TEST_F(Crypt4ghDoorLimits, MoreRegionsThanASealedLinkHoldsAreRefused) {
  begin({});
  upload("bam", test::make_bam().bytes);
  const HttpClient::Headers header = {{"Client-Public-Key", to_base64(bob_.known)}};
  const auto asked = [&](size_t count) {
    return post("/htsget/reads/bam", regions_of(count, R"("encryptionScheme":"c4gh",)"), header);
  };
  EXPECT_EQ(asked(10).status, 200);
  expect_named(asked(3'000), 413, "too many regions for one ticket");
}

TEST(GenomicsDoorSettings, EachIsItsOwn) {
#define OPTION(type, section, name, ...) \
  {section #name, [](const type& o) -> uint64_t { return o.name; }, __VA_ARGS__}
#define DOOR(name, ...) OPTION(GenomicsOptions, "genomics.", name, __VA_ARGS__)
#define BEACON(name, ...) OPTION(BeaconOptions, "beacon.", name, __VA_ARGS__)
  test::expect_settings<GenomicsOptions>(
      {DOOR(ticket_ttl_ms, 5'000, 999), DOOR(inline_bytes_max, 0, 17u << 20),
       DOOR(inline_coded_bytes_max, 0, 17u << 20), DOOR(post_bytes_max, 5'000, 1'023),
       DOOR(tags_max, 5, 0), DOOR(page_max, 5, 10'001), DOOR(variants_max, 5, 0),
       DOOR(depth_bins_max, 5, 0), DOOR(drs_bulk_max, 5, 100'001),
       DOOR(drs_bundle_files_max, 5, 0)},
      GenomicsOptions::from);
  test::expect_settings<BeaconOptions>(
      {BEACON(records_max, 5, 0), BEACON(alleles_max, 5, 10'000'001), BEACON(files_max, 5, 0),
       BEACON(page_max, 5, 0), BEACON(post_bytes_max, 5'000, 1'023)},
      [](Config& config) { return *BeaconOptions::from(config); });
}

}  // namespace
}  // namespace medarc::web
