// Beacon v2: what is asked, what is told to whom, and what consent leaves out.
#include "tests/web/genomics/genome_fixture.h"
#include "web/genomics/beacon_routes.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

constexpr const char* kVcf =
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=10000>\n##contig=<ID=chr2,length=5000>\n"
    "##INFO=<ID=END,Number=1,Type=Integer,Description=\"End\">\n"
    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n"
    "chr1\t100\trs1\tA\tT\t.\tPASS\t.\tGT\t0/1\t0/0\n"
    "chr1\t200\t.\tAC\tA\t.\tPASS\t.\tGT\t0/0\t1/1\n"
    "chr1\t300\t.\tG\tGTT\t.\tPASS\t.\tGT\t0/1\t1/1\n"
    "chr1\t400\t.\tC\tG,T\t.\tPASS\t.\tGT\t1/2\t0/0\n"
    "chr1\t500\t.\tT\tC\t.\tPASS\t.\tGT\t0/0\t./.\n"
    "chr1\t600\t.\tN\t<DEL>\t.\tPASS\tEND=900\tGT\t0/1\t0/0\n"
    "chr2\t50\t.\tA\tG\t.\tPASS\t.\tGT\t1\t.|.\n";

// Strangers are strangers; "Bearer ward" may not read genomes, "Bearer lab" may.
class LevelAuthenticator final : public LenientAuthenticator {
 public:
  Result<security::Principal> http(std::string_view authorization,
                                   const std::string& peer) override {
    using security::Role;
    if (authorization == "Bearer ward") {
      return security::Principal{"token:ward", {Role::clinician}, "http", peer};
    }
    if (authorization == "Bearer lab") {
      return security::Principal{"token:lab", {Role::bioinformatician}, "http", peer};
    }
    if (authorization == "Bearer good") {
      return security::Principal{"token:root", {Role::administrator}, "http", peer};
    }
    return make_error(Code::unauthenticated, "the token is not known");
  }
};

class BeaconTest : public GenomeTest {
 protected:
  void begin(BeaconOptions options = {}) {
    if (options.datasets.empty()) options.datasets.push_back({"all", "All", "", "", ""});
    store_ = genomics::GenomeStore::create(*index_, *guard_, {});
    uploads_ =
        std::move(*genomics::ResumableUploads::open(posix_fs(), dir_ / "uploads", *store_, {}));
    auto routes = genomics_routes(*store_, *uploads_, {});
    for (Route& route : beacon_routes(*store_, options)) routes.push_back(std::move(route));
    ServerOptions server_options;
    server_options.port = 0;
    server_ = std::move(*Server::start(server_options, std::move(routes), levels_));
    put_file("one", kVcf);
  }
  void put_file(const std::string& id, const std::string& vcf) {
    EXPECT_EQ(post("/genomics/files?id=" + percent_encode(id), test::bgzip(vcf), kRoot).status,
              201);
  }
  void consent(const std::string& id, const std::string& body) {
    test::HttpClient::Headers headers = kRoot;
    headers.emplace_back("If-Match", "*");
    EXPECT_EQ(test::http(port(), "PUT", "/genomics/files/" + id + "/consent", headers, body).status,
              200);
  }
  json::object asked(const std::string& query, const test::HttpClient::Headers& who = kLab) {
    const auto answer = get("/beacon/g_variants?requestedGranularity=record&" + query, who);
    EXPECT_EQ(answer.status, 200) << query << answer.body;
    return json::parse(answer.body).as_object();
  }
  static uint64_t count(const json::object& answer) {
    return answer.at("responseSummary").at("numTotalResults").to_number<uint64_t>();
  }
  static std::vector<std::string> ids(const json::object& answer) {
    std::vector<std::string> out;
    for (const json::value& set : answer.at("response").at("resultSets").as_array()) {
      for (const json::value& one : set.at("results").as_array()) {
        out.emplace_back(one.at("variantInternalId").as_string());
      }
    }
    return out;
  }
  static inline const test::HttpClient::Headers kRoot = {{"Authorization", "Bearer good"}},
                                                kLab = {{"Authorization", "Bearer lab"}},
                                                kWard = {{"Authorization", "Bearer ward"}};
  LevelAuthenticator levels_;
};

using Ids = std::vector<std::string>;

TEST_F(BeaconTest, SequenceQueriesFindOneAllele) {
  begin();
  EXPECT_EQ(ids(asked("referenceName=chr1&start=99&referenceBases=A&alternateBases=T")),
            Ids{"chr1~100~A~T"});
  EXPECT_EQ(ids(asked("referenceName=1&start=99&alternateBases=N")), Ids{"chr1~100~A~T"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=99&referenceBases=A&alternateBases=G")), Ids{});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=100&referenceBases=A&alternateBases=T")), Ids{});
  // As it is written, and without the base that both have.
  EXPECT_EQ(ids(asked("referenceName=chr1&start=199&referenceBases=AC&alternateBases=A")),
            Ids{"chr1~200~AC~A"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=200&referenceBases=C&alternateBases=")),
            Ids{"chr1~200~AC~A"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=300&referenceBases=&alternateBases=TT")),
            Ids{"chr1~300~G~GTT"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=399&referenceBases=C&alternateBases=T")),
            Ids{"chr1~400~C~T"});
  // Named, and carried by nobody.
  EXPECT_EQ(count(asked("referenceName=chr1&start=499&referenceBases=T&alternateBases=C")), 0u);
  EXPECT_EQ(count(asked("referenceName=chr9&start=499&alternateBases=C")), 0u);
}

TEST_F(BeaconTest, RangeAndBracketQueriesFindWhatLiesThere) {
  begin();
  EXPECT_EQ(ids(asked("referenceName=chr1&start=99&end=300&limit=0")),
            (Ids{"chr1~100~A~T", "chr1~200~AC~A", "chr1~300~G~GTT"}));
  EXPECT_EQ(ids(asked("referenceName=chr1&start=0&end=10000&variantType=indel")),
            (Ids{"chr1~200~AC~A", "chr1~300~G~GTT", "chr1~600~N~<DEL>"}));
  EXPECT_EQ(ids(asked("referenceName=chr1&start=0&end=10000&variantType=INS")),
            Ids{"chr1~300~G~GTT"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=700&end=701")), Ids{"chr1~600~N~<DEL>"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=0&end=10000&variantMinLength=200")),
            Ids{"chr1~600~N~<DEL>"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=590,610&end=890,910&variantType=DEL")),
            Ids{"chr1~600~N~<DEL>"});
  EXPECT_EQ(ids(asked("referenceName=chr1&start=590,599&end=890,910")), Ids{});
  const auto page = asked("referenceName=chr1&start=0&end=10000&skip=1&limit=2");
  EXPECT_EQ(ids(page), (Ids{"chr1~200~AC~A", "chr1~300~G~GTT"}));
  EXPECT_EQ(count(page), 6u);
  const auto body = test::http(
      port(), "POST", "/beacon/g_variants", kLab,
      R"({"meta":{"apiVersion":"v2.0.0"},"query":{"requestedGranularity":"record","pagination":)"
      R"({"skip":0,"limit":5},"requestParameters":{"g_variant":{"referenceName":"chr2","start":[0],)"
      R"("end":[100]}}}})");
  ASSERT_EQ(body.status, 200) << body.body;
  const auto parsed = json::parse(body.body).as_object();
  EXPECT_EQ(ids(parsed), Ids{"chr2~50~A~G"});
  const json::value& found = parsed.at("response").at("resultSets").at(0).at("results").at(0);
  EXPECT_EQ(found.at("variation").at("location").at("interval").at("start").at("value").as_int64(),
            49);
  EXPECT_EQ(found.at("caseLevelData").at(0).at("individualId").as_string(), "A");
  EXPECT_EQ(found.at("caseLevelData").at(0).at("zygosity").at("label").as_string(), "hemizygous");
  EXPECT_EQ(parsed.at("meta").at("receivedRequestSummary").at("pagination").at("limit").as_int64(),
            5);
}

TEST_F(BeaconTest, VariantsAndIndividualsHaveIds) {
  begin();
  const auto one = get("/beacon/g_variants/chr1~100~A~T?requestedGranularity=record", kLab);
  EXPECT_EQ(ids(json::parse(one.body).as_object()), Ids{"chr1~100~A~T"});
  EXPECT_EQ(get("/beacon/g_variants/nothing", kLab).status, 404);
  const auto all = json::parse(get("/beacon/individuals?requestedGranularity=record", kLab).body);
  EXPECT_EQ(count(all.as_object()), 2u);
  const auto b =
      json::parse(get("/beacon/individuals/B/"
                      "g_variants?referenceName=chr1&start=0&end=10000&requestedGranularity=record",
                      kLab)
                      .body);
  EXPECT_EQ(ids(b.as_object()), (Ids{"chr1~200~AC~A", "chr1~300~G~GTT"}));
  EXPECT_EQ(b.at("response")
                .at("resultSets")
                .at(0)
                .at("results")
                .at(0)
                .at("caseLevelData")
                .as_array()
                .size(),
            1u);
}

TEST_F(BeaconTest, WhoAsksDecidesHowMuchIsTold) {
  BeaconOptions options;
  options.anonymous = BeaconGranularity::boolean;
  begin(options);
  const std::string question =
      "/beacon/g_variants?referenceName=chr1&start=0&end=10000&requestedGranularity=record";
  const auto stranger = json::parse(get(question).body).as_object();
  EXPECT_EQ(stranger.at("responseSummary").at("exists"), true);
  EXPECT_FALSE(stranger.at("responseSummary").as_object().contains("numTotalResults"));
  EXPECT_FALSE(stranger.contains("response"));
  EXPECT_EQ(stranger.at("meta").at("returnedGranularity").as_string(), "boolean");
  const auto ward = json::parse(get(question, kWard).body).as_object();
  EXPECT_EQ(count(ward), 6u);
  EXPECT_FALSE(ward.contains("response"));
  EXPECT_TRUE(asked("referenceName=chr1&start=0&end=10000").contains("response"));
  // Not more than is asked for either.
  const auto less =
      json::parse(get("/beacon/g_variants?referenceName=chr1&start=0&end=10000", kLab).body)
          .as_object();
  EXPECT_FALSE(less.contains("response"));
  EXPECT_EQ(get("/genomics/files", kWard).status, 403);  // by no other door
}

TEST_F(BeaconTest, StrangersAreToldNothingUnlessConfigured) {
  BeaconOptions options;
  options.registered = BeaconGranularity::none;
  begin(options);
  const auto refused = get("/beacon/g_variants?referenceName=chr1&start=0&end=10000");
  EXPECT_EQ(refused.status, 401);
  const json::value body = json::parse(refused.body);
  EXPECT_EQ(body.at("error").at("errorCode").as_int64(), 401);
  EXPECT_TRUE(body.at("meta").as_object().contains("receivedRequestSummary"));
  EXPECT_EQ(get("/beacon/g_variants?referenceName=chr1&start=0&end=10000", kWard).status, 403);
  for (const char* about :
       {"", "/info", "/service-info", "/configuration", "/entry_types", "/map"}) {
    const auto answer = get("/beacon" + std::string(about));
    EXPECT_EQ(answer.status, 200) << about;
    EXPECT_TRUE(json::parse(answer.body).is_object());
  }
}

TEST_F(BeaconTest, ConsentIsHonoured) {
  begin();
  put_file("two", kVcf);
  const std::string all = "referenceName=chr1&start=0&end=10000";
  const auto carriers = [&](const std::string& query) {
    const auto answer = asked(query);
    size_t out = 0;
    for (const json::value& set : answer.at("response").at("resultSets").as_array()) {
      for (const json::value& one : set.at("results").as_array()) {
        out += one.at("caseLevelData").as_array().size();
      }
    }
    return out;
  };
  const std::string snp = "referenceName=chr1&start=99&alternateBases=T";
  EXPECT_EQ(carriers(snp), 2u);
  consent("one", R"({"terms":["HMB"]})");
  EXPECT_EQ(carriers(snp), 1u);
  EXPECT_EQ(carriers(snp + "&purpose=HMB"), 2u);
  EXPECT_EQ(carriers(snp + "&purpose=POA"), 1u);
  EXPECT_EQ(get("/beacon/g_variants?" + snp + "&purpose=what", kLab).status, 400);
  consent("two", R"({"regions":[{"region":"chr1:90-350"}]})");
  EXPECT_EQ(count(asked(snp)), 0u);
  EXPECT_EQ(ids(asked(all)), (Ids{"chr1~400~C~G", "chr1~400~C~T", "chr1~600~N~<DEL>"}));
}

TEST_F(BeaconTest, DatasetsAreFilesByTheBeginningOfTheirIds) {
  BeaconOptions options;
  options.datasets = {{"cohort", "A cohort", "", "GRCh38", "cohort/"},
                      {"rest", "One", "", "GRCh37", "one"}};
  begin(options);
  put_file("cohort/x", kVcf);
  put_file("nowhere", kVcf);
  const std::string snp = "referenceName=chr1&start=99&alternateBases=T";
  EXPECT_EQ(asked(snp).at("response").at("resultSets").as_array().size(), 2u);
  EXPECT_EQ(asked(snp + "&assemblyId=GRCh38").at("response").at("resultSets").as_array().size(),
            1u);
  EXPECT_EQ(
      asked(snp + "&datasets=rest").at("response").at("resultSets").at(0).at("id").as_string(),
      "rest");
  const std::string none =
      "referenceName=chr1&start=5000&alternateBases=T&includeResultsetResponses=";
  const auto sets = [&](const std::string& query) {
    return asked(query).at("response").at("resultSets").as_array().size();
  };
  EXPECT_EQ(sets(none + "HIT"), 0u);
  EXPECT_EQ(sets(none + "MISS"), 2u);
  EXPECT_EQ(sets(none + "ALL"), 2u);
  EXPECT_EQ(sets(snp + "&includeResultsetResponses=NONE"), 0u);
  const auto known = json::parse(get("/beacon/datasets", kLab).body);
  EXPECT_EQ(known.at("response").at("collections").as_array().size(), 2u);
}

TEST_F(BeaconTest, WrongQuestionsAndLimitsAreNamed) {
  BeaconOptions options;
  options.records_max = 3;
  begin(options);
  for (const char* wrong :
       {"", "referenceName=chr1", "referenceName=chr1&start=5", "start=5&end=6",
        "referenceName=chr1&start=6&end=5", "referenceName=chr1&start=1,2,3&end=5",
        "referenceName=chr1&start=1,2&end=5", "referenceName=chr1&start=x&end=5",
        "referenceName=chr1&start=1&alternateBases=QQ", "geneId=BRAF", "regoin=1",
        "requestedGranularity=all", "filters=HP:1", "includeResultsetResponses=some", "limit=x"}) {
    const auto refused = get(std::string("/beacon/g_variants?") + wrong, kLab);
    EXPECT_EQ(refused.status, 400) << wrong << refused.body;
    EXPECT_EQ(json::parse(refused.body).at("error").at("errorCode").as_int64(), 400) << wrong;
  }
  for (const char* wrong : {"", "[]", R"({"query":[]})", R"({"query":{"pagination":{"skip":-1}}})",
                            R"({"query":{"filters":[{"id":"HP:1"}]}})"}) {
    EXPECT_EQ(test::http(port(), "POST", "/beacon/g_variants", kLab, wrong).status, 400) << wrong;
  }
  const auto much = get(
      "/beacon/g_variants?requestedGranularity=count&referenceName=chr1&start=0&end=10000", kLab);
  EXPECT_EQ(much.status, 413);
  EXPECT_NE(much.body.find("beacon.records_max"), std::string::npos);
}

TEST_F(BeaconTest, MoreThanALimitIsRefusedAndPagesAreCut) {
  BeaconOptions options;
  options.alleles_max = 5;
  options.files_max = 1;
  options.page_max = 2;
  options.post_bytes_max = 1'024;
  begin(options);
  const auto refused = [&](const std::string& query, const char* limit) {
    const auto answer = get("/beacon/g_variants?requestedGranularity=record&" + query, kLab);
    EXPECT_EQ(answer.status, 413) << answer.body;
    EXPECT_EQ(json::parse(answer.body).at("error").at("errorCode").as_int64(), 413);
    EXPECT_NE(answer.body.find(limit), std::string::npos) << answer.body;
  };
  refused("referenceName=chr1&start=0&end=10000", "beacon.alleles_max");  // there are six
  const std::string five = "referenceName=chr1&start=0&end=590";
  for (const char* limit : {"", "&limit=100"}) {
    const auto cut = asked(five + limit);
    EXPECT_EQ(count(cut), 5u);
    EXPECT_EQ(ids(cut), (Ids{"chr1~100~A~T", "chr1~200~AC~A"}));
  }
  EXPECT_EQ(ids(asked(five + "&skip=4")).size(), 1u);
  std::string question = R"({"query":{"requestParameters":{"g_variant":)"
                         R"({"referenceName":"chr1","start":[0],"end":[500]}}}})";
  const auto posted = [&](const std::string& body) {
    return test::http(port(), "POST", "/beacon/g_variants", kLab, body);
  };
  question.resize(1'024, ' ');
  EXPECT_EQ(posted(question).status, 200);
  const auto over = posted(question + " ");
  EXPECT_EQ(over.status, 413);
  EXPECT_EQ(json::parse(over.body).at("error").at("errorCode").as_int64(), 413);
  EXPECT_NE(over.body.find("beacon.post_bytes_max"), std::string::npos);
  EXPECT_EQ(posted(std::string(17, '[') + std::string(17, ']')).status, 400);
  EXPECT_EQ(get("/beacon/g_variants?referenceName=chr1&start=1&alternateBases=" +
                    std::string(10'001, 'A'),
                kLab)
                .status,
            400);
  put_file("two", kVcf);
  refused(five, "beacon.files_max");
}

}  // namespace
}  // namespace medarc::web
