// Sorted derivatives: made by durable jobs for the files that need one, and what is told of them.
#include "genomics/sorting.h"

#include <chrono>
#include <set>
#include <thread>

#include "base/log.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

class SortingTest : public StoreTest {
 protected:
  SortingTest() { set_log_level(Level::off); }
  ~SortingTest() override {
    stop();
    set_log_level(Level::info);
  }
  void start(SortLimits limits = {}, bool jobs = true) {
    index::JobOptions options;
    options.first_delay_ms = 5;
    options.longest_delay_ms = 10;
    options.attempts_max = 3;
    jobs_ = must(index::Jobs::open(*index_, options));
    sorting_ = must(Sorting::open(posix_fs(), dir_ / "temporary", *index_, *jobs_, *guard_,
                                  store_->limits(), limits, "medarc 1.2.3"));
    jobs_->handle(kSortJob, sorting_->handler());
    store_->sorted_by(sorting_.get());
    if (jobs) jobs_->start();
  }
  void stop() {
    if (store_) store_->sorted_by(nullptr);
    if (jobs_) jobs_->stop();
    sorting_.reset();
    jobs_.reset();
  }
  void look() {
    while (must(sorting_->step())) {
    }
  }
  size_t queued() { return must(index_->view()->jobs("", "", 100)).size(); }
  FileRow row(const FileRow& of) { return must(index_->view()->file(of.id)).value(); }
  bool settled() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
      bool waiting = false;
      for (const auto& job : must(index_->view()->jobs("", "", 100))) {
        waiting = waiting || job.state == index::JobRow::State::waiting;
      }
      if (!waiting) return true;
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  FileRow unsorted(uint64_t seed = 1, const std::string& id = "") {
    UploadStart start;
    start.id = id;
    return must(
               upload(test::make_bam({.seed = seed, .records = 800, .sorted = false}).bytes, start))
        .file;
  }

  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<Sorting> sorting_;
};

TEST_F(SortingTest, OnlyFilesThatNeedItGetAJobWheneverTheyCame) {
  unsorted(1, "before");
  must(upload(test::make_bam({.records = 100}).bytes));
  must(upload(test::make_fastq({.records = 10})));
  start({}, false);
  look();
  EXPECT_EQ(queued(), 1u);
  unsorted(2, "a/b/after");
  must(upload(test::make_bam({.seed = 3, .records = 100}).bytes));
  look();
  EXPECT_EQ(queued(), 2u);
  look();
  EXPECT_EQ(queued(), 2u);
  for (const auto& job : must(index_->view()->jobs("", "", 100))) {
    EXPECT_EQ(job.name.find('/'), std::string::npos) << "it stands in a path of /admin/jobs";
  }
}

TEST_F(SortingTest, RegionsAreAnsweredFromTheDerivativeAndTheFileStaysAsItIs) {
  const FileRow file = unsorted();
  const Bytes before = content(file);
  start();
  look();
  ASSERT_TRUE(settled());
  const FileRow now = row(file);
  const index::Attachment* sorted = index::attachment(now, "sorted");
  ASSERT_NE(sorted, nullptr);
  EXPECT_NE(index::attachment(now, "sorted.index"), nullptr);
  EXPECT_NE(index::attachment(now, "sorted.map"), nullptr);
  EXPECT_EQ(now.blob, file.blob);
  EXPECT_EQ(now.bytes, file.bytes);
  EXPECT_EQ(content(now), before);
  EXPECT_NE(now.statistics_json.find(R"("derived":{"sorted":{"made":")"), std::string::npos);
  EXPECT_NE(now.statistics_json.find("flagstat"), std::string::npos);
  const auto set = must(store_->read_set(someone(), now));
  EXPECT_EQ(set->content, sorted->blob);
  EXPECT_TRUE(set->map.sorted());
  test::write_file(dir_ / "x.bam", before);
  test::run_tool({"samtools", "sort", "-o", dir_ / "s.bam", dir_ / "x.bam"});
  test::run_tool({"samtools", "index", dir_ / "s.bam"});
  const index::Attachment* depth = index::attachment(now, "depth");
  ASSERT_NE(depth, nullptr);
  const FileRow ordered = must(upload(test::read_file(dir_ / "s.bam"))).file;
  EXPECT_EQ(depth->blob, index::attachment(ordered, "depth")->blob);
  Selection selection;
  selection.regions.emplace().push_back(
      must(parse_samtools_region("chr1:5000-60000", set->header)));
  auto slice = must(open_slice(must(make_slice(set, selection, store_->limits())),
                               must(store_->open_admitted(set->content)), store_->limits()));
  test::write_file(dir_ / "slice.bam", drain(*slice.source));
  EXPECT_EQ(test::run_tool({"samtools", "view", dir_ / "slice.bam"}),
            test::run_tool({"samtools", "view", dir_ / "s.bam", "chr1:5000-60000"}));
  EXPECT_EQ(queued(), 0u);
  look();
  EXPECT_EQ(queued(), 0u) << "once is enough";
}

TEST_F(SortingTest, WhatIsToldOfAFileInEachState) {
  const FileRow file = unsorted();
  const Error plain = make_error(Code::unsupported, "notSortedByCoordinate");
  EXPECT_FALSE(must(store_->sort_state(file))) << "nobody sorts";
  EXPECT_EQ(store_->not_sliced(file, plain).code, Code::unsupported);
  SortLimits limits;
  limits.memory_bytes = 1 << 16;
  limits.temporary_bytes_max = 1;  // it cannot be done
  start(limits, false);
  EXPECT_EQ(store_->not_sliced(file, plain).code, Code::unavailable) << "it is about to be queued";
  EXPECT_EQ(store_->not_sliced(file, make_error(Code::too_large, "x")).code, Code::too_large);
  look();
  ASSERT_TRUE(must(store_->sort_state(file)));
  EXPECT_EQ(must(store_->sort_state(file))->phase, SortState::Phase::waiting);
  EXPECT_EQ(store_->attachment(someone(), file, "sorted").error().code, Code::unavailable);
  jobs_->start();
  ASSERT_TRUE(settled());
  EXPECT_EQ(must(store_->sort_state(file))->phase, SortState::Phase::failed);
  const Error refused = store_->not_sliced(file, plain);
  EXPECT_EQ(refused.code, Code::unsupported);
  EXPECT_NE(refused.text.find("sort_temporary_bytes_max"), std::string::npos);
  EXPECT_EQ(store_->attachment(someone(), file, "sorted").error().code, Code::not_found);
  stop();
  start();  // with room for it
  const auto job = must(sort_job_of(*index_->view(), file.id)).value();
  must(jobs_->retry(job.queue, job.name, {}));
  ASSERT_TRUE(settled());
  EXPECT_FALSE(must(store_->sort_state(row(file))));
  EXPECT_NE(index::attachment(row(file), "sorted"), nullptr);
}

TEST_F(SortingTest, SoManyFilesAreSortedBesideEachOther) {
  for (uint64_t i = 0; i < 12; ++i) unsorted(i + 1, "f" + std::to_string(i));
  for (const uint32_t sorts : {1u, 3u}) {
    start({.sorts_max = sorts}, false);
    look();
    std::set<std::string> queues;  // each has one job at a time
    for (const auto& job : must(index_->view()->jobs("", "", 100))) {
      queues.insert(job.queue);
      must(jobs_->cancel(job.queue, job.name, {}));
    }
    EXPECT_EQ(queues.size(), sorts);
    stop();
  }
}

TEST_F(SortingTest, SwitchedOffNothingIsPromised) {
  SortLimits limits;
  limits.enabled = false;
  const FileRow file = unsorted();
  start(limits);
  sorting_->start();
  EXPECT_FALSE(must(store_->sort_state(file)));
  sorting_->stop();
  EXPECT_EQ(queued(), 0u);
}

TEST_F(SortingTest, AFileThatWentAwayOrWasReplacedLeavesNoJobBehind) {
  const FileRow file = unsorted(1, "one");
  const FileRow gone = unsorted(2, "two");
  start({}, false);
  look();
  must(store_->remove(someone(), gone.id));
  must(store_->remove(someone(), file.id));
  const FileRow other = unsorted(3, "one");
  look();
  jobs_->start();
  ASSERT_TRUE(settled());
  look();
  ASSERT_TRUE(settled());
  EXPECT_EQ(queued(), 0u);
  ASSERT_NE(index::attachment(row(other), "sorted"), nullptr);
}

TEST_F(SortingTest, OtherBytesUnderTheIdOfAFailedJobAreTriedAnew) {
  unsorted(1, "one");
  SortLimits limits;
  limits.memory_bytes = 1 << 16;
  limits.temporary_bytes_max = 1;
  start(limits);
  look();
  ASSERT_TRUE(settled());
  EXPECT_EQ(queued(), 1u);
  stop();
  must(store_->remove(someone(), FileId("one")));
  const FileRow other = unsorted(2, "one");
  start();
  look();
  ASSERT_TRUE(settled());
  EXPECT_EQ(queued(), 0u);
  EXPECT_NE(index::attachment(row(other), "sorted"), nullptr);
}

}  // namespace
}  // namespace medarc::genomics
