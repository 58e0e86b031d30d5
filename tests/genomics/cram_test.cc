// CRAM: its containers, its way in, its slices; samtools makes the files and says what is right.
#include "genomics/cram_reads.h"

#include <boost/json.hpp>

#include <random>

#include "genomics/hts_worker.h"
#include "genomics/index_check.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/fasta_maker.h"

namespace medarc::genomics {
namespace {

using test::run_tool;

class CramTest : public StoreTest {
 protected:
  CramTest() {
    for (const auto& [name, letters] : test::BamOptions().references) {
      sequences_.push_back({name, test::make_letters(letters, letters)});
    }
    test::write_file(fasta(), test::to_fasta(sequences_));
    test::write_file(bam(), test::make_bam().bytes);
  }
  std::string fasta() { return dir_ / "ref.fa"; }
  std::string bam() { return dir_ / "reads.bam"; }
  // The BAM as CRAM; small slices, several in a container.
  std::string make_cram(const std::string& version = "3.0",
                        const std::string& more = "seqs_per_slice=100") {
    const std::string path = dir_ / "reads.cram";
    run_tool({"samtools", "view", "-C", "-T", fasta(), "--output-fmt-option", "version=" + version,
              "--output-fmt-option", more, "-o", path, bam()});
    return test::read_file(path);
  }
  FileRow store(const std::string& bytes) { return must(upload(bytes)).file; }
  void store_reference() { store(test::read_file(fasta())); }
  std::string refusal(const std::string& bytes) {
    const auto done = upload(bytes);
    return done.has_error() ? done.error().text : "accepted";
  }
  std::string slice_of(const FileRow& row, const std::vector<std::string>& regions,
                       CramReads::Form form, bool exact = true) {
    const auto set = must(store_->crams().load(row));
    CramReads::Wanted wanted{std::nullopt, form, exact};
    if (!regions.empty()) wanted.regions.emplace();
    for (const std::string& r : regions) {
      wanted.regions->push_back(must(parse_samtools_region(r, set->header)));
    }
    auto content = must(store_->crams().open(someone(), set, wanted));
    const Bytes out = drain(*content.source);
    if (content.bytes) {
      EXPECT_EQ(*content.bytes, out.size());
    }
    return out;
  }
  // What samtools prints of a file, without what CRAM may work out anew.
  std::string view(const std::string& bytes, const std::vector<std::string>& regions = {}) {
    const std::string path = dir_ / "viewed";
    test::write_file(path, bytes);
    std::vector<std::string> words = {"samtools",           "view",       "-T", fasta(),
                                      "--input-fmt-option", "decode_md=0"};
    if (!regions.empty()) run_tool({"samtools", "index", path});
    words.push_back(path);
    words.insert(words.end(), regions.begin(), regions.end());
    if (regions.size() > 1) words.insert(words.begin() + 2, "-M");
    return run_tool(words);
  }

  std::vector<test::MadeSequence> sequences_;
};

CramOutline walked(const std::string& bytes, size_t step) {
  CramWalk walk{Limits{}};
  for (size_t at = 0; at < bytes.size(); at += step)
    must(walk.feed(ByteView(bytes).substr(at, step)));
  return must(walk.finish());
}

std::string walk_refusal(const std::string& bytes) {
  CramWalk walk{Limits{}};
  if (const Status fed = walk.feed(bytes); fed.has_error()) return fed.error().text;
  const auto done = walk.finish();
  return done.has_error() ? done.error().text : "accepted";
}

TEST_F(CramTest, EveryVersionIsWalkedHoweverItIsSplit) {
  for (const char* version : {"2.1", "3.0", "3.1"}) {
    const std::string cram = make_cram(version);
    const CramOutline whole = walked(cram, cram.size());
    EXPECT_EQ(std::to_string(whole.version.major) + "." + std::to_string(whole.version.minor),
              version);
    EXPECT_EQ(whole.records, 2020u) << version;
    EXPECT_GT(whole.slices, 20u);
    for (const size_t step : {1u, 7u, 5000u}) EXPECT_EQ(walked(cram, step).slices, whole.slices);
  }
}

TEST_F(CramTest, LimitsOnContainersHoldHoweverItIsSplit) {
  const std::string cram = make_cram();
  const auto code_with = [&](size_t step, auto change) {
    Limits limits;
    change(limits);
    CramWalk walk{limits};
    for (size_t at = 0; at < cram.size(); at += step) {
      const Status fed = walk.feed(ByteView(cram).substr(at, step));
      if (fed.has_error()) return fed.error().code;
    }
    return Code::internal;
  };
  for (const size_t step : {size_t{1}, size_t{5'000}, cram.size()}) {
    const auto header = [](Limits& l) { l.cram_container_header_bytes_max = 12; };
    EXPECT_EQ(code_with(step, header), Code::too_large) << step;
    EXPECT_EQ(code_with(step, [](Limits& l) { l.blocks_max = 2; }), Code::too_large) << step;
    EXPECT_EQ(code_with(step, [](Limits&) {}), Code::internal) << step;
  }
}

TEST_F(CramTest, TruncationAnywhereIsToldApart) {
  for (const char* version : {"2.1", "3.0"}) {
    const std::string cram = make_cram(version);
    for (size_t n = 0; n < cram.size(); n += 1 + n / 40) {
      EXPECT_NE(walk_refusal(cram.substr(0, n)), "accepted") << version << " " << n;
    }
    const size_t end = version[0] == '3' ? 38 : 30;
    EXPECT_NE(walk_refusal(cram.substr(0, cram.size() - end)).find("end container is missing"),
              std::string::npos);
    EXPECT_NE(walk_refusal(cram.substr(0, cram.size() - 3)).find("truncated"), std::string::npos);
    EXPECT_NE(walk_refusal(cram + "x").find("bytes follow"), std::string::npos);
  }
}

TEST_F(CramTest, AChangedByteOfVersion3IsFoundByItsCrc) {
  const std::string cram = make_cram();
  for (size_t at = 30; at < cram.size(); at += 211) {
    std::string changed = cram;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_NE(walk_refusal(changed), "accepted") << at;
  }
  EXPECT_NE(walk_refusal("CRAM\x02\x00" + cram.substr(6)).find("2.1, 3.0 and 3.1"),
            std::string::npos);
}

TEST_F(CramTest, ItIsDecodedOnceAndDescribedAsSamtoolsDoes) {
  store_reference();
  for (const char* version : {"2.1", "3.0", "3.1"}) {
    const std::string cram = make_cram(version);
    const FileRow row = store(cram);
    EXPECT_EQ(row.format, "cram");
    EXPECT_EQ(content(row), cram);
    const auto statistics = boost::json::parse(row.statistics_json).as_object();
    EXPECT_EQ(statistics.at("records").as_int64(), 2020);
    EXPECT_EQ(statistics.at("cramVersion").as_string(), version);
    EXPECT_EQ(statistics.at("missingReferences").as_array().size(), 0u);
    EXPECT_EQ(statistics.at("referenceCheck").at("known").as_int64(), 3);
    EXPECT_TRUE(statistics.at("sorted").as_bool());
    const auto theirs = boost::json::parse(run_tool({"samtools", "flagstat", "-O", "json", bam()}));
    EXPECT_EQ(statistics.at("flagstat"), theirs);
    run_tool({"samtools", "index", dir_ / "reads.cram"});
    EXPECT_EQ(row.index_kind, "crai");
    EXPECT_EQ(test::gunzip(index_of(row)), test::gunzip(test::read_file(dir_ / "reads.cram.crai")));
    must(store_->remove(someone(), row.id));
  }
}

TEST_F(CramTest, WithoutItsReferenceItIsStoredAndSaysWhichIsMissing) {
  const std::string cram = make_cram();
  const FileRow row = store(cram);
  const auto statistics = boost::json::parse(row.statistics_json).as_object();
  EXPECT_EQ(statistics.at("records").as_int64(), 2020) << "all but the bases is known";
  EXPECT_FALSE(statistics.at("basesDecoded").as_bool());
  EXPECT_EQ(statistics.at("missingReferences").at(0).as_string(), sequences_[0].md5_hex());
  const std::string region = "chr1:50000-50100";
  // Whole containers need no reference.
  const std::string whole = slice_of(row, {region}, CramReads::Form::cram, false);
  EXPECT_NE(view(whole).find('\t'), std::string::npos);
  const auto set = must(store_->crams().load(row));
  CramReads::Wanted wanted{std::vector<Region>{must(parse_samtools_region(region, set->header))},
                           CramReads::Form::bam, true};
  const auto refused = store_->crams().open(someone(), set, wanted);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_NE(refused.error().text.find(sequences_[0].md5_hex()), std::string::npos);
  store_reference();
  EXPECT_EQ(view(slice_of(row, {region}, CramReads::Form::bam)), view(cram, {region}));
}

TEST_F(CramTest, AReferenceOfOtherLettersIsFoundByTheSlicesMd5) {
  store_reference();
  const std::string cram = make_cram();
  std::vector<test::MadeSequence> others = sequences_;
  for (auto& s : others) s.letters = test::make_letters(s.letters.size() + 1, s.letters.size());
  store(test::to_fasta(others));
  std::string header = run_tool({"samtools", "view", "-H", "--no-PG", dir_ / "reads.cram"});
  for (size_t i = 0; i < others.size(); ++i) {
    header.replace(header.find(sequences_[i].md5_hex()), 32, others[i].md5_hex());
  }
  test::write_file(dir_ / "header", header);
  const std::string other =
      run_tool({"samtools", "reheader", "-P", dir_ / "header", dir_ / "reads.cram"});
  const std::string said = refusal(other);
  EXPECT_NE(said.find("MD5"), std::string::npos) << said;
}

TEST_F(CramTest, DamageInsideABlockIsRefused) {
  store_reference();
  std::string cram = make_cram("2.1");  // no CRC: decoding must find it
  for (size_t at = cram.size() / 2; at < cram.size() / 2 + 2000; ++at)
    cram[at] = static_cast<char>(at * 31);
  const std::string said = refusal(cram);
  EXPECT_NE(said, "accepted");
}

TEST_F(CramTest, SlicesHoldExactlyTheRecordsOfTheirRegions) {
  store_reference();
  for (const auto& [version, more] :
       std::vector<std::pair<std::string, std::string>>{{"3.0", "seqs_per_slice=100"},
                                                        {"2.1", "seqs_per_slice=100"},
                                                        {"3.0", "multi_seq_per_slice=1"}}) {
    const std::string cram = make_cram(version, more);
    const FileRow row = store(cram);
    std::mt19937 random(5);
    std::vector<std::vector<std::string>> asked = {
        {"chr2"}, {"chr1:200000-200000"}, {"chr1:1-99", "chr1:80-300", "chr2:5-9"}};
    for (int i = 0; i < 4; ++i) {
      const unsigned begin = random() % 190'000 + 1;
      asked.push_back(
          {"chr1:" + std::to_string(begin) + "-" + std::to_string(begin + random() % 3'000)});
    }
    for (const auto& regions : asked) {
      const std::string expected = view(cram, regions);
      EXPECT_EQ(view(slice_of(row, regions, CramReads::Form::cram)), expected)
          << version << regions[0];
      EXPECT_EQ(view(slice_of(row, regions, CramReads::Form::bam)), expected)
          << version << regions[0];
      const std::string more_reads = view(slice_of(row, regions, CramReads::Form::cram, false));
      EXPECT_GE(more_reads.size(), expected.size());
    }
    EXPECT_EQ(view(slice_of(row, {"*"}, CramReads::Form::bam)), view(cram, {"*"}));
    EXPECT_EQ(slice_of(row, {}, CramReads::Form::cram), cram);
    EXPECT_EQ(view(slice_of(row, {}, CramReads::Form::bam)), view(cram));
    must(store_->remove(someone(), row.id));
  }
}

TEST_F(CramTest, WholeContainersAreGivenAsTheyAre) {
  const std::string cram = make_cram();
  const FileRow row = store(cram);
  const std::string slice = slice_of(row, {"chr1:1-3000"}, CramReads::Form::cram, false);
  EXPECT_LT(slice.size(), cram.size() / 2);
  EXPECT_NE(cram.find(slice.substr(slice.size() / 2, slice.size() / 2 - 38)), std::string::npos)
      << "byte for byte";
  EXPECT_EQ(slice.substr(slice.size() - 38), cram.substr(cram.size() - 38));
  EXPECT_EQ(walk_refusal(slice), "accepted");
}

TEST_F(CramTest, H30AMixedSliceCodesItsEdgesOnly) {
  store_reference();
  for (const char* version : {"3.0", "2.1", "3.1"}) {
    const std::string cram = make_cram(version);
    const FileRow row = store(cram);
    const auto set = must(store_->crams().load(row));
    const std::string region = "chr1:30001-150000";
    CramReads::Wanted wanted;
    wanted.regions = {must(parse_samtools_region(region, set->header))};
    const auto pieces = store_->crams().plan(*set, wanted);
    ASSERT_EQ(pieces.size(), 3u) << "edge, middle, edge";
    EXPECT_TRUE(pieces[0].coded && !pieces[1].coded && pieces[2].coded);
    EXPECT_GT(pieces[1].containers, pieces[0].containers + pieces[2].containers);
    const std::string slice = slice_of(row, {region}, CramReads::Form::cram);
    const ByteRange middle = pieces[1].ranges.at(0);
    EXPECT_NE(slice.find(cram.substr(middle.begin, middle.length)), std::string::npos)
        << "byte for byte";
    EXPECT_EQ(view(slice), view(cram, {region})) << version;
    EXPECT_EQ(walk_refusal(slice), "accepted");
    EXPECT_EQ(run_tool({"samtools", "view", "-H", "--no-PG", dir_ / "viewed"}),
              run_tool({"samtools", "view", "-H", "--no-PG", dir_ / "reads.cram"}));
    must(store_->remove(someone(), row.id));
  }
}

TEST_F(CramTest, H30AMixedSliceThatIsMadeWhileItIsReadIsTheSame) {
  Limits limits;
  limits.recode_eager_bytes_max = 1;  // nothing is ready before
  open(limits);
  store_reference();
  const std::string cram = make_cram();
  const FileRow row = store(cram);
  const std::vector<std::string> regions = {"chr1:5000-60000", "chr1:90000-91000", "chr2:7-60000"};
  const auto set = must(store_->crams().load(row));
  CramReads::Wanted wanted;
  wanted.regions.emplace();
  for (const std::string& r : regions) {
    wanted.regions->push_back(must(parse_samtools_region(r, set->header)));
  }
  auto content = must(store_->crams().open(someone(), set, wanted));
  EXPECT_FALSE(content.bytes.has_value());
  EXPECT_EQ(view(drain(*content.source, 777)), view(cram, regions));
}

TEST_F(CramTest, PiecesOfEitherFormMakeTheFile) {
  store_reference();
  const std::string cram = make_cram();
  const FileRow row = store(cram);
  CramReads& crams = store_->crams();
  const auto set = must(crams.load(row));
  for (const auto form : {CramReads::Form::cram, CramReads::Form::bam}) {
    for (const bool everything : {true, false}) {
      CramReads::Wanted wanted;
      wanted.form = form;
      if (!everything) {
        wanted.regions = {must(parse_samtools_region("chr1:30001-31000", set->header)),
                          must(parse_samtools_region("chr2:1000-60000", set->header)),
                          must(parse_samtools_region("*", set->header))};
      }
      Bytes all = must(crams.header(*set, form));
      for (const CramPiece& piece : crams.plan(*set, wanted)) {
        if (piece.coded) {
          all += drain(*must(crams.coded(*set, piece, form)).source);
        } else {
          for (const ByteRange& r : piece.ranges) all += cram.substr(r.begin, r.length);
        }
      }
      all += must(crams.end(*set, form));
      const std::string expected =
          everything ? view(cram)
                     : view(cram, {"chr1:30001-31000", "chr2:1000-60000"}) + view(cram, {"*"});
      EXPECT_EQ(view(all), expected) << everything;
    }
  }
}

class CramPlan : public testing::Test {
 protected:
  CramPlan() {
    set_.body = {500, 1500};
    set_.entries = {{0, 1, 100, 500},
                    {0, 101, 100, 900},
                    {1, 11, 40, 900},
                    {1, 41, 60, 1300},
                    {-1, 0, 0, 1700}};
  }
  // "v500-900 c900-1300 …": stored as they are, or coded.
  std::string plan(const std::optional<std::vector<Region>>& regions,
                   const CramPlanOptions& options = {}) {
    std::string out;
    for (const CramPiece& piece : plan_cram(set_, regions, {}, options)) {
      out += out.empty() ? "" : " ";
      out += piece.coded ? 'c' : 'v';
      for (const ByteRange& r : piece.ranges) {
        if (!out.ends_with('c') && !out.ends_with('v')) out += ',';
        out += std::to_string(r.begin) + "-" + std::to_string(r.end());
      }
    }
    return out;
  }
  CramSet set_;
};

TEST_F(CramPlan, ContainersGoOutWholeWhenAllOfThemIsWanted) {
  using Regions = std::vector<Region>;
  EXPECT_EQ(plan(Regions{{0, 0, 100}}), "v500-900");
  EXPECT_EQ(plan(Regions{{0, 0, 99}}), "c500-900");
  EXPECT_EQ(plan(Regions{{0, 99, 101}}), "c500-1300");
  EXPECT_EQ(plan(Regions{{0, 0, 1000}}), "v500-900 c900-1300")
      << "the second container holds reads of another sequence";
  EXPECT_EQ(plan(Regions{{0, 0, 1000}, {1, 10, 50}}), "v500-1300 c1300-1700");
  EXPECT_EQ(plan(Regions{{0, 0, 1000}, {1, 0, 1000}}), "v500-1700");
  EXPECT_EQ(plan(Regions{{kUnplaced, 0, kToTheEnd}}), "v1700-2000");
  EXPECT_EQ(plan(Regions{{0, 500, 600}}), "");
  EXPECT_EQ(plan(Regions{}), "");
  EXPECT_EQ(plan(Regions{{0, 0, 50}, {1, 60, 70}}), "c500-900,1300-1700")
      << "one worker for what lies apart";
  EXPECT_EQ(plan(std::nullopt), "v500-2000");
}

TEST_F(CramPlan, OtherFormsAndWholeContainersAreAskedFor) {
  CramPlanOptions all;
  all.code_all = true;
  EXPECT_EQ(plan(std::nullopt, all), "c500-2000");
  EXPECT_EQ(plan(std::vector<Region>{{0, 0, 100}}, all), "c500-900");
  all.piece_coded_bytes_max = 800;
  EXPECT_EQ(plan(std::nullopt, all), "c500-1300 c1300-2000");
  CramPlanOptions loose;
  loose.exact = false;
  EXPECT_EQ(plan(std::vector<Region>{{0, 0, 1}}, loose), "v500-900");
  loose.piece_verbatim_bytes_max = 600;
  EXPECT_EQ(plan(std::nullopt, loose), "v500-1100 v1100-1700 v1700-2000");
  CramPlanOptions short_links;
  short_links.piece_ranges_max = 1;
  EXPECT_EQ(plan(std::vector<Region>{{0, 0, 50}, {1, 60, 70}}, short_links), "c500-900 c1300-1700");
  set_.entries.clear();
  EXPECT_EQ(plan(std::nullopt, all), "c500-2000") << "not sorted";
}

TEST_F(CramPlan, APieceKnowsItsRegionsAlone) {
  const auto pieces = plan_cram(set_, std::vector<Region>{{0, 5, 10}, {0, 20, 30}, {1, 70, 80}}, {},
                                {true, false, 400});
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].regions, (std::vector<Region>{{0, 5, 10}, {0, 20, 30}}));
  EXPECT_EQ(pieces[1].regions, (std::vector<Region>{{1, 70, 80}}));
}

TEST(CramIndex, LinesThatCannotBeAreRefused) {
  EXPECT_EQ(must(parse_crai("0\t1\t5\t30\t4\t9\n-1\t0\t0\t99\t4\t9\n", Limits{})).size(), 2u);
  for (const char* bad : {"0\t1\t5\t30\t4\n", "x\t1\t5\t30\t4\t9\n", "-2\t1\t5\t30\t4\t9\n",
                          "0\t1\t-5\t30\t4\t9\n", "0\t1\t5\t30\t4\t9\t7\n"}) {
    EXPECT_TRUE(parse_crai(bad, Limits{}).has_error()) << bad;
  }
}

TEST_F(CramTest, ABadWorkerCostsItsOneJob) {
  const std::string cram = make_cram();
  const struct {
    uint64_t how;
    Code code;
  } cases[] = {{1, Code::unavailable}, {2, Code::corrupt},          {3, Code::corrupt},
               {4, Code::corrupt},     {5, Code::invalid_argument}, {6, Code::deadline},
               {7, Code::corrupt},     {8, Code::deadline}};
  for (const auto& one : cases) {
    Limits limits;
    limits.worker_program = sandbox::program_beside("bad_genome");
    limits.worker_memory_bytes_max = (1u << 30) + one.how;
    limits.worker_silence_ms = 300;
    limits.workers_max = 1;
    open(limits);
    for (int again = 0; again < 2; ++again) {
      const auto done = upload(cram);
      ASSERT_TRUE(done.has_error()) << one.how;
      EXPECT_EQ(done.error().code, one.code) << one.how << " " << done.error().text;
    }
  }
  Limits limits;
  limits.worker_program = dir_ / "nothing";
  open(limits);
  EXPECT_EQ(upload(cram).error().code, Code::unavailable);
  EXPECT_TRUE(must(store_->list(someone(), {})).files.empty());
}

TEST_F(CramTest, AnIndexOfAnotherCramIsStale) {
  store_reference();
  const FileRow row = store(make_cram());
  const auto made = [&](const std::string& more) {
    make_cram("3.0", more);
    run_tool({"samtools", "index", dir_ / "reads.cram"});
    return test::read_file(dir_ / "reads.cram.crai");
  };
  const auto check = [&](const std::string& theirs) {
    return must(check_index(row, index_of(row), theirs, Limits{})).is;
  };
  EXPECT_EQ(check(made("seqs_per_slice=100")), IndexVerdict::Is::same);
  EXPECT_EQ(check(made("seqs_per_slice=150")), IndexVerdict::Is::stale);
  EXPECT_EQ(check_index(row, index_of(row), "1\t2\n", Limits{}).error().code,
            Code::invalid_argument);
}

TEST_F(CramTest, WhoFindsNoFreeWorkerIsToldSoAfterAWhile) {
  const FileRow row = store(make_cram());
  Limits limits;
  limits.worker_program = sandbox::program_beside("bad_genome");  // says nothing
  limits.workers_max = 1;
  limits.worker_wait_ms = 50;
  const ConsentRules consent;
  References references(*index_, *guard_, limits, consent);
  HtsWorkers workers(index_->blobs(), references, limits);
  auto busy = must(workers.start({}, {row.blob, {}}));
  const auto second = workers.start({}, {row.blob, {}});
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, Code::unavailable) << second.error().text;
  busy.reset();
  EXPECT_TRUE(workers.start({}, {row.blob, {}}).has_value());
}

TEST_F(CramTest, AJobHasSoMuchProcessorTimeAndNoMore) {
  Limits limits;
  limits.worker_program = sandbox::program_beside("bad_genome");
  limits.worker_memory_bytes_max = (1u << 30) + 9;  // computes without end
  limits.worker_cpu_s_max = 1;
  open(limits);
  const auto done = upload(make_cram());
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().code, Code::corrupt) << done.error().text;
}

}  // namespace
}  // namespace medarc::genomics
