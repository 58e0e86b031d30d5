// Crypt4GH over HTTP: downloads encrypted for a recipient, uploads encrypted for us, and htsget
// with encryptionScheme; opened by an implementation of the tests' own.
#include "archive/hash.h"
#include "genomics/crypt4gh_keys.h"
#include "tests/support/crypt4gh_maker.h"
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::Crypt4ghKey;
using test::HttpAnswer;
using Headers = test::HttpClient::Headers;

constexpr const char* kRecipients = "/genomics/crypt4gh/recipients";

class Crypt4ghDoor : public GenomeTest {
 protected:
  // As GenomeTest::serve(), with a vault.
  void begin(GenomicsOptions options = {}) {
    store_ = genomics::GenomeStore::create(
        *index_, *guard_, {}, {},
        std::make_unique<genomics::crypt4gh::Vault>(posix_fs(), dir_ / "keys"));
    auto uploads = genomics::ResumableUploads::open(posix_fs(), dir_ / "uploads", *store_, {});
    ASSERT_TRUE(uploads.has_value());
    uploads_ = std::move(*uploads);
    ServerOptions server_options;
    server_options.port = 0;
    auto server =
        Server::start(server_options, genomics_routes(*store_, *uploads_, options), authenticator_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    server_ = std::move(*server);
    test::BamOptions bam{.seed = 9, .records = 6'000};
    bam_ = test::make_bam(bam).bytes;
    upload("reads", bam_, "&name=a.bam");
  }
  static std::string key_file(const Crypt4ghKey& key) {
    return genomics::crypt4gh::write_public_key(
        *genomics::crypt4gh::PublicKey::from_view(key.known));
  }
  HttpAnswer put(const std::string& name, const std::string& body) {
    return test::http(port(), "PUT", std::string(kRecipients) + "/" + name, {}, body);
  }
  std::string content_for(const std::string& whom) {
    return "/genomics/files/reads/content?encryption=crypt4gh&" + whom;
  }
  std::string own_key() {
    const HttpAnswer key = get("/genomics/crypt4gh/key");
    EXPECT_EQ(key.status, 200) << key.body;
    return Bytes(genomics::crypt4gh::read_public_key(key.body)->view());
  }
  // The records of a ticket's Crypt4GH file, opened by `reader`.
  std::string records_in(const HttpAnswer& ticket, const Crypt4ghKey& reader) {
    return records(test::open_crypt4gh(joined(ticket), reader.secret));
  }

  std::string bam_;
  const Crypt4ghKey alice_ = Crypt4ghKey::make(), bob_ = Crypt4ghKey::make();
};

TEST_F(Crypt4ghDoor, RecipientsAreNamedAndTakenAway) {
  begin();
  EXPECT_EQ(put("bob", key_file(bob_)).status, 201);
  EXPECT_EQ(put("bob", to_base64(bob_.known)).status, 200) << "the same key";
  EXPECT_EQ(put("bob", key_file(alice_)).status, 409);
  EXPECT_EQ(put("alice", "no key").status, 400);
  EXPECT_EQ(put("alice%20smith", key_file(alice_)).status, 400);
  const auto one = json::parse(get(std::string(kRecipients) + "/bob").body).as_object();
  EXPECT_EQ(one.at("key").as_string(), to_base64(bob_.known));
  EXPECT_EQ(json::parse(get(kRecipients).body).at("recipients").as_array().size(), 1u);
  EXPECT_EQ(test::http(port(), "DELETE", std::string(kRecipients) + "/bob").status, 204);
  EXPECT_EQ(test::http(port(), "DELETE", std::string(kRecipients) + "/bob").status, 404);
  EXPECT_EQ(get(std::string(kRecipients) + "/bob").status, 404);
  EXPECT_EQ(get(content_for("recipient=bob")).status, 404);
}

TEST_F(Crypt4ghDoor, ADownloadIsForItsRecipient) {
  begin();
  ASSERT_EQ(put("bob", key_file(bob_)).status, 201);
  const HttpAnswer answer = get(content_for("recipient=bob"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("Content-Length"), std::to_string(answer.body.size()));
  EXPECT_NE(answer.header("Content-Disposition").find("a.bam.c4gh"), std::string::npos);
  EXPECT_EQ(test::open_crypt4gh(answer.body, bob_.secret), bam_);
  EXPECT_THROW(test::open_crypt4gh(answer.body, alice_.secret), std::runtime_error);
  // A key in the request, of either alphabet of base64, and with a plus sign as it is.
  std::string url = to_base64(alice_.known);
  const HttpAnswer other = get(content_for("key=" + percent_encode(url)));
  ASSERT_EQ(other.status, 200) << other.body;
  EXPECT_EQ(test::open_crypt4gh(other.body, alice_.secret), bam_);
  EXPECT_EQ(other.body.substr(124), answer.body.substr(124)) << "the segments are shared";
  EXPECT_NE(other.header("ETag"), answer.header("ETag"));
  EXPECT_EQ(get(content_for("key=" + url)).body, other.body);
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (url.ends_with('=')) url.pop_back();
  EXPECT_EQ(get(content_for("key=" + url)).body, other.body);
}

TEST_F(Crypt4ghDoor, ADownloadIsResumedByRange) {
  begin();
  const std::string target = content_for("key=" + percent_encode(to_base64(bob_.known)));
  const HttpAnswer whole = get(target);
  const std::string etag = whole.header("ETag");
  ASSERT_TRUE(etag.starts_with('"')) << "a strong one: " << etag;
  EXPECT_EQ(get(target).body, whole.body);
  EXPECT_EQ(get(target, {{"If-None-Match", etag}}).status, 304);
  const HttpAnswer head = test::http(port(), "HEAD", target);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.header("ETag"), etag);
  std::string joined;
  for (const size_t at : {size_t{0}, size_t{50}, size_t{200}, size_t{65'688}, size_t{70'000}}) {
    joined.resize(at);
    const HttpAnswer rest =
        get(target, {{"Range", "bytes=" + std::to_string(at) + "-"}, {"If-Range", etag}});
    ASSERT_EQ(rest.status, 206) << at;
    EXPECT_EQ(rest.header("Content-Range"), "bytes " + std::to_string(at) + "-" +
                                                std::to_string(whole.body.size() - 1) + "/" +
                                                std::to_string(whole.body.size()));
    joined += rest.body;
    EXPECT_EQ(joined, whole.body) << at;
  }
  const HttpAnswer middle = get(target, {{"Range", "bytes=65000-66000"}});
  EXPECT_EQ(middle.body, whole.body.substr(65'000, 1'001));
  EXPECT_EQ(get(target, {{"Range", "bytes=999999999-"}}).status, 416);
}

TEST_F(Crypt4ghDoor, WhatIsAskedForWronglyIsRefused) {
  begin();
  const std::string content = "/genomics/files/reads/content?";
  EXPECT_EQ(get(content + "encryption=crypt4gh").status, 400);
  EXPECT_EQ(get(content + "encryption=pgp&recipient=bob").status, 400);
  EXPECT_EQ(get(content + "recipient=bob").status, 400);
  EXPECT_EQ(get(content_for("recipient=none")).status, 404);
  EXPECT_EQ(get(content_for("key=AAAA")).status, 400);
  EXPECT_EQ(get(content_for("key=" + percent_encode(to_base64(Bytes(32, '\0'))))).status, 400)
      << "a key that everybody agrees with";
  EXPECT_EQ(get(content_for("recipient=bob&key=" + to_base64(bob_.known))).status, 400);
  EXPECT_EQ(get("/genomics/files/reads/index?encryption=crypt4gh&recipient=bob").status, 400);
}

TEST_F(Crypt4ghDoor, WithoutAVaultNothingIsEncrypted) {
  serve();
  upload("reads", test::make_bam().bytes);
  EXPECT_EQ(get("/genomics/crypt4gh/key").status, 404);
  EXPECT_EQ(get(content_for("key=" + percent_encode(to_base64(bob_.known)))).status, 501);
  const auto ticket = get("/htsget/reads/reads?encryptionScheme=c4gh");
  EXPECT_EQ(ticket.status, 400);
  EXPECT_EQ(error_of(ticket), "UnsupportedFormat");
}

TEST_F(Crypt4ghDoor, SlicesAreEncryptedUnderKeysOfTheirOwn) {
  begin();
  const std::string plain = "/genomics/files/reads/slice?region=chr1:1001-30000",
                    target =
                        plain + "&encryption=crypt4gh&key=" + percent_encode(to_base64(bob_.known));
  const HttpAnswer slice = get(plain), one = get(target), two = get(target);
  ASSERT_EQ(one.status, 200) << one.body;
  EXPECT_EQ(test::open_crypt4gh(one.body, bob_.secret), slice.body);
  EXPECT_EQ(test::open_crypt4gh(two.body, bob_.secret), slice.body);
  EXPECT_NE(one.body.substr(124), two.body.substr(124)) << "other keys each time";
  EXPECT_EQ(one.header("Content-Length"), std::to_string(one.body.size()));
  EXPECT_EQ(one.header("ETag"), "");
  EXPECT_EQ(get(target, {{"Range", "bytes=0-9"}}).status, 200) << "the whole";
  const HttpAnswer head = test::http(port(), "HEAD", target);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(one.body.size()));
  const HttpAnswer text = get(target + "&format=sam");
  EXPECT_EQ(test::open_crypt4gh(text.body, bob_.secret), get(plain + "&format=sam").body);
  EXPECT_EQ(get(target + "&format=none").status, 501);
  EXPECT_EQ(get("/genomics/files/reads/slice?region=chrNone&encryption=crypt4gh&key=" +
                percent_encode(to_base64(bob_.known)))
                .status,
            404);
}

TEST_F(Crypt4ghDoor, AnUploadForOurKeyIsStoredAsWhatIsWithin) {
  begin();
  const std::string fastq = test::make_fastq();
  const std::string file = test::seal_crypt4gh(fastq, {own_key()});
  const auto stored = upload("encrypted", file);
  EXPECT_EQ(stored.at("format").as_string(), "fastq");
  EXPECT_EQ(stored.at("sha256").as_string(), archive::Sha256::of(fastq).hex());
  const auto& came = stored.at("statistics").at("receivedAs").as_object();
  EXPECT_EQ(came.at("encryption").as_string(), "crypt4gh");
  EXPECT_EQ(came.at("sha256").as_string(), archive::Sha256::of(file).hex());
  EXPECT_EQ(get("/genomics/files/encrypted/content").body, fastq);
  // A digest of what is sent (RFC 9530) holds for the encrypted bytes.
  EXPECT_EQ(
      post("/genomics/files", file,
           {{"Content-Digest", "sha-256=:" + to_base64(archive::Sha256::of(file).view()) + ":"}})
          .status,
      201);
}

TEST_F(Crypt4ghDoor, AnUploadThatCannotBeOpenedSaysWhy) {
  begin();
  const std::string bam = test::make_bam().bytes;
  const auto wrong = post("/genomics/files", test::seal_crypt4gh(bam, {bob_.known}));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("encrypted for other keys than " + to_base64(own_key())),
            std::string::npos)
      << wrong.body;
  std::string file = test::seal_crypt4gh(bam, {own_key()});
  file[file.size() - 1] = static_cast<char>(file.back() ^ 1);
  EXPECT_EQ(post("/genomics/files", file).status, 400);
  file.resize(1'000);
  EXPECT_EQ(post("/genomics/files", file).status, 400);
  EXPECT_EQ(post("/genomics/files", test::seal_crypt4gh("%PDF-1.7", {own_key()})).status, 415);
}

TEST_F(Crypt4ghDoor, AResumableUploadMayBeEncryptedToo) {
  begin();
  const std::string fastq = test::make_fastq({.records = 3'000});
  const std::string file = test::seal_crypt4gh(fastq, {own_key()});
  const Headers tus{{"Tus-Resumable", "1.0.0"}};
  Headers headers = tus;
  headers.emplace_back("Upload-Length", std::to_string(file.size()));
  headers.emplace_back("Upload-Metadata", "id " + to_base64("piecewise"));
  const auto created = test::http(port(), "POST", "/uploads", headers);
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string url = created.header("Location"), path = url.substr(url.find("/uploads/"));
  const size_t piece = file.size() / 3 + 1;
  for (size_t at = 0; at < file.size(); at += piece) {
    headers = tus;
    headers.emplace_back("Upload-Offset", std::to_string(at));
    headers.emplace_back("Content-Type", "application/offset+octet-stream");
    const auto sent = test::http(port(), "PATCH", path, headers, ByteView(file).substr(at, piece));
    ASSERT_EQ(sent.status, 204) << sent.body;
  }
  EXPECT_EQ(get("/genomics/files/piecewise/content").body, fastq);
  EXPECT_NE(get("/genomics/files/piecewise").body.find("receivedAs"), std::string::npos);
}

TEST_F(Crypt4ghDoor, H31TheWholeFileIsGivenEncrypted) {
  begin();
  ASSERT_EQ(put("bob", key_file(bob_)).status, 201);
  const Headers header{{"Client-Public-Key", to_base64(bob_.known)}},
      file{{"client-public-key", to_base64(key_file(bob_))}};  // as Funnel sends it
  const std::string target = "/htsget/reads/reads?encryptionScheme=";
  for (const HttpAnswer& ticket :
       {get(target + "c4gh&recipient=bob"), get(target + "c4gh", header),
        get(target + "C4GH", file), get(target + "crypt4gh&format=BAM&recipient=bob"),
        post("/htsget/reads/reads", R"({"encryptionScheme":"c4gh","recipient":"bob"})"),
        post("/htsget/reads/reads", R"({"encryptionScheme":"c4gh"})", header)}) {
    ASSERT_EQ(ticket.status, 200) << ticket.body;
    EXPECT_EQ(json::parse(ticket.body).at("htsget").at("format").as_string(), "BAM");
    EXPECT_EQ(test::open_crypt4gh(joined(ticket), bob_.secret), bam_);
  }
  // A data URL can be asked for in parts.
  const std::string url(urls_of(get(target + "c4gh&recipient=bob")).at(0).at("url").as_string());
  const std::string path = url.substr(url.find("/htsget/data/"));
  EXPECT_EQ(get(path, {{"Range", "bytes=100-70000"}}).body, get(path).body.substr(100, 69'901));
}

TEST_F(Crypt4ghDoor, H31ASliceIsGivenEncrypted) {
  begin();
  const Headers header{{"Client-Public-Key", to_base64(bob_.known)}};
  test::write_file(dir_ / "own.bam", bam_);
  test::run_tool({"samtools", "index", dir_ / "own.bam"});
  EXPECT_EQ(records_in(get("/htsget/reads/reads?encryptionScheme=c4gh&referenceName=chr1&start=1000"
                           "&end=30000",
                           header),
                       bob_),
            test::run_tool({"samtools", "view", dir_ / "own.bam", "chr1:1001-30000"}));
  EXPECT_EQ(records_in(
                post("/htsget/reads/reads",
                     R"({"encryptionScheme":"c4gh","regions":[{"referenceName":"chr2"}]})", header),
                bob_),
            test::run_tool({"samtools", "view", dir_ / "own.bam", "chr2"}));
  // Fields and tags have their effect, and the header is a file of its own.
  EXPECT_EQ(records_in(get("/htsget/reads/reads?encryptionScheme=c4gh&tags=", header), bob_),
            records(joined(get("/htsget/reads/reads?tags="))));
  EXPECT_EQ(records_in(get("/htsget/reads/reads?encryptionScheme=c4gh&class=header", header), bob_),
            "");
}

TEST_F(Crypt4ghDoor, H31ForWhomMustBeKnown) {
  begin();
  const auto expect = [&](const HttpAnswer& answer, int status, const std::string& name) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(error_of(answer), name) << answer.body;
  };
  const std::string target = "/htsget/reads/reads?encryptionScheme=";
  expect(get(target + "c4gh"), 400, "InvalidInput");
  expect(get(target + "pgp"), 400, "UnsupportedFormat");
  expect(post("/htsget/reads/reads", R"({"encryptionScheme":"pgp"})"), 400, "UnsupportedFormat");
  expect(get(target + "c4gh&recipient=none"), 404, "NotFound");
  expect(get(target + "c4gh", {{"Client-Public-Key", "?"}}), 400, "InvalidInput");
  expect(get(target + "c4gh", {{"Client-Public-Key", "AAAA"}}), 400, "InvalidInput");
}

TEST_F(Crypt4ghDoor, H31ARecipientMayBeConfigured) {
  GenomicsOptions options;
  options.crypt4gh_recipient = "suite";
  begin(options);
  EXPECT_EQ(error_of(get("/htsget/reads/reads?encryptionScheme=c4gh")), "NotFound");
  ASSERT_EQ(put("suite", key_file(bob_)).status, 201);
  EXPECT_EQ(
      test::open_crypt4gh(joined(get("/htsget/reads/reads?encryptionScheme=c4gh")), bob_.secret),
      bam_);
}

TEST_F(Crypt4ghDoor, H31WhatConsentWithholdsIsInNoEncryptedAnswer) {
  begin();
  const Headers header = {{"Client-Public-Key", to_base64(bob_.known)}};
  const std::string key = "key=" + percent_encode(to_base64(bob_.known));
  const std::string everything = "/htsget/reads/reads?encryptionScheme=c4gh";
  const std::string before = records_in(get(everything, header), bob_);
  const auto old = get(everything + "&referenceName=chr1", header);
  ASSERT_EQ(test::http(port(), "PUT", "/genomics/files/reads/consent", {{"If-Match", "*"}},
                       R"({"regions":[{"region":"chr1"}]})")
                .status,
            200);
  EXPECT_EQ(get(content_for(key)).status, 403);
  const std::string after = records_in(get(everything, header), bob_);
  EXPECT_FALSE(after.empty());
  EXPECT_LT(after.size(), before.size());
  // A mate there may be named (0101); a read there is not.
  for (size_t at = 0; at < after.size(); at = after.find('\n', at) + 1) {
    const size_t reference = after.find('\t', after.find('\t', at) + 1) + 1;
    EXPECT_NE(after.substr(reference, 5), "chr1\t") << after.substr(at, 60);
  }
  EXPECT_EQ(records_in(get(everything + "&referenceName=chr1", header), bob_), "");
  const auto slice = get("/genomics/files/reads/slice?encryption=crypt4gh&" + key);
  ASSERT_EQ(slice.status, 200) << slice.body;
  EXPECT_EQ(records(test::open_crypt4gh(slice.body, bob_.secret)), after);
  const std::string url(urls_of(old).at(0).at("url").as_string());
  EXPECT_EQ(get(url.substr(url.find("/htsget/data/"))).status, 404) << "of the consent before";
}

TEST_F(Crypt4ghDoor, H31VariantsComeEncryptedInBothForms) {
  begin();
  const std::string text = test::make_vcf({.seed = 5, .records = 500});
  upload("calls", test::to_bcf(text, dir_.path()));
  const Headers header = {{"Client-Public-Key", to_base64(bob_.known)}};
  const auto lines = [&](const std::string& more) {
    const auto ticket = get("/htsget/variants/calls?encryptionScheme=c4gh" + more, header);
    test::write_file(dir_ / "calls", test::open_crypt4gh(joined(ticket), bob_.secret));
    return test::run_tool({"bcftools", "view", "-H", dir_ / "calls"});
  };
  test::write_file(dir_ / "all.vcf", text);
  const std::string all = test::run_tool({"bcftools", "view", "-H", dir_ / "all.vcf"});
  EXPECT_EQ(lines(""), all);
  EXPECT_EQ(lines("&format=BCF"), all);
  EXPECT_EQ(json::parse(get("/htsget/variants/calls?encryptionScheme=c4gh", header).body)
                .at("htsget")
                .at("format")
                .as_string(),
            "VCF");
}

}  // namespace
}  // namespace medarc::web
