// Every number of this folder that can be configured, and the bounds of what can be configured.
#include "genomics/limits.h"

#include "genomics/bam_sort.h"
#include "genomics/consent.h"
#include "genomics/crypt4gh_limits.h"
#include "genomics/pipeline.h"
#include "genomics/resumable.h"
#include "tests/support/settings.h"

namespace medarc::genomics {
namespace {

using test::expect_settings;
using test::NumberSetting;

#define NUMBER(type, section, setting, member, ...)                                   \
  {                                                                                   \
    section #setting, [](const type& l) -> uint64_t { return l.member; }, __VA_ARGS__ \
  }

TEST(GenomicsLimits, EachSettingIsItsOwn) {
#define LIMIT(name, ...) NUMBER(Limits, "genomics.", name, name, __VA_ARGS__)
  expect_settings<Limits>({LIMIT(file_bytes_max, 5, 0),
                           LIMIT(header_bytes_max, 5'000, 1'023),
                           LIMIT(references_max, 5, 1ull << 32),
                           LIMIT(record_bytes_max, 5'000, 1'023),
                           LIMIT(line_bytes_max, 5'000, 1'023),
                           LIMIT(samples_max, 5, 0),
                           LIMIT(blocks_max, 5, 0),
                           LIMIT(index_bytes_max, 5'000, 1'023),
                           LIMIT(inflate_threads_max, 5, 257),
                           LIMIT(registered_sequences_max, 5, 0),
                           LIMIT(references_checked_max, 5, 0),
                           LIMIT(regions_max, 5, 1'000'001),
                           LIMIT(map_cache_bytes, 5, 0),
                           LIMIT(recode_eager_bytes_max, 5, 0),
                           LIMIT(depth_bases_max, 5, 0),
                           LIMIT(pileup_bases_max, 5, 0),
                           LIMIT(pileup_depth_max, 5, 1'000'001),
                           LIMIT(pileup_bytes_max, 2u << 20, 1'000),
                           LIMIT(pileup_lead_bases_max, 5, 0),
                           LIMIT(cram_container_header_bytes_max, 5'000, 1'023),
                           LIMIT(workers_max, 5, 1'025),
                           LIMIT(worker_wait_ms, 5, 3'600'001),
                           LIMIT(worker_silence_ms, 5, 0),
                           LIMIT(worker_cpu_s_max, 5, 0),
                           LIMIT(worker_memory_bytes_max, 1u << 30, 1u << 20)},
                          Limits::from);
#undef LIMIT
}

TEST(GenomicsLimits, ThoseOfCrypt4ghUploadsSortsAndConsentToo) {
  expect_settings<Crypt4ghLimits>(
      {NUMBER(Crypt4ghLimits, "genomics.", crypt4gh_packets_max, packets_max, 5, 0),
       NUMBER(Crypt4ghLimits, "genomics.", crypt4gh_header_bytes_max, header_bytes_max, 5'000, 1),
       NUMBER(Crypt4ghLimits, "genomics.", crypt4gh_recipients_max, recipients_max, 5, 0)},
      Crypt4ghLimits::from);
  expect_settings<ResumableLimits>(
      {NUMBER(ResumableLimits, "genomics.", uploads_open_max, open_max, 5),
       NUMBER(ResumableLimits, "genomics.", upload_expiry_ms, expiry_ms, 5'000'000),
       NUMBER(ResumableLimits, "genomics.", upload_checkpoint_bytes, checkpoint_bytes, 5'000'000),
       NUMBER(ResumableLimits, "genomics.", uploads_live_max, live_max, 5)},
      ResumableLimits::from);
  expect_settings<SortLimits>(
      {NUMBER(SortLimits, "genomics.", sort_memory_bytes, memory_bytes, 50'000'000),
       NUMBER(SortLimits, "genomics.", sort_temporary_bytes_max, temporary_bytes_max, 50'000'000),
       NUMBER(SortLimits, "genomics.", sort_runs_merged_max, runs_merged_max, 5),
       NUMBER(SortLimits, "genomics.", sorts_max, sorts_max, 5, 17)},
      SortLimits::from);
  expect_settings<ConsentRules>(
      {NUMBER(ConsentRules, "genomics.", consent_terms_max, terms_max, 5, 1'001),
       NUMBER(ConsentRules, "genomics.", consent_regions_max, regions_max, 5, 5'001)},
      [](Config& config) { return *ConsentRules::from(config); });
}

// Notes which thread it was consumed by.
class Noted final : public Job {
 public:
  explicit Noted(std::thread::id& by) : by_(by) {}
  Status prepare() override { return {}; }
  Status consume() override {
    by_ = std::this_thread::get_id();
    return {};
  }

 private:
  std::thread::id& by_;
};

TEST(GenomicsLimits, SoManyUploadsHaveAThreadBesideTheirOwn) {
  const auto helped = [](Pipeline& pipeline) {
    std::thread::id by;
    EXPECT_TRUE(pipeline.push(std::make_unique<Noted>(by)).has_value());
    EXPECT_TRUE(pipeline.finish().has_value());
    return by != std::this_thread::get_id();
  };
  {
    Pipeline first(2), second(2), third(2), none(0);
    EXPECT_TRUE(helped(first));
    EXPECT_TRUE(helped(second));
    EXPECT_FALSE(helped(third));
    EXPECT_FALSE(helped(none));
  }
  Pipeline next(1);
  EXPECT_TRUE(helped(next)) << "those before are done";
}

}  // namespace
}  // namespace medarc::genomics
