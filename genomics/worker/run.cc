#include "genomics/worker/run.h"

#include <htslib/cram.h>
#include <htslib/hts.h>
#include <htslib/kstring.h>
#include <htslib/sam.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "genomics/overlap.h"
#include "genomics/worker/job_files.h"

namespace medarc::genomics::worker {
namespace {

template <class T, auto kFree>
struct Freed {
  void operator()(T* p) const { (void)kFree(p); }
};
using File = std::unique_ptr<htsFile, Freed<htsFile, hts_close>>;
using Header = std::unique_ptr<sam_hdr_t, Freed<sam_hdr_t, sam_hdr_destroy>>;
using Index = std::unique_ptr<hts_idx_t, Freed<hts_idx_t, hts_idx_destroy>>;
using Iterator = std::unique_ptr<hts_itr_t, Freed<hts_itr_t, hts_itr_destroy>>;
using Record = std::unique_ptr<bam1_t, Freed<bam1_t, bam_destroy1>>;

constexpr int kEnd = -1;  // of a file or region; anything below is an error
// Everything that needs no reference; of slices of several sequences TLEN asks for one too.
constexpr int kWithoutBases = SAM_QNAME | SAM_FLAG | SAM_RNAME | SAM_POS | SAM_MAPQ | SAM_CIGAR |
                              SAM_RNEXT | SAM_PNEXT | SAM_AUX | SAM_RGAUX;

// What HTSlib says goes to stderr alone; it is kept, because nothing else tells why decoding
// failed.
class Said {
 public:
  Said() : before_(stderr), stream_(open_memstream(&text_, &bytes_)) {
    if (stream_ != nullptr) stderr = stream_;
  }
  ~Said() {
    stderr = before_;
    if (stream_ != nullptr) fclose(stream_);
    free(text_);
  }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;
  bool contains(std::string_view what) {
    if (stream_ == nullptr || fflush(stream_) != 0) return false;
    return std::string_view(text_, bytes_).find(what) != std::string_view::npos;
  }

 private:
  FILE* const before_;
  char* text_ = nullptr;
  size_t bytes_ = 0;
  FILE* const stream_;
};

class Reads {
 public:
  explicit Reads(const wire::Job& job) : job_(job) {}

  wire::Message run() {
    input_.reset(hts_open(kFileName, "r"));
    if (!input_ || hts_get_format(input_.get())->format != cram) return failed();
    if (!job_.bases && hts_set_opt(input_.get(), CRAM_OPT_REQUIRED_FIELDS, kWithoutBases) != 0) {
      return failed();
    }
    // As they were stored: tags that could be worked out stay away.
    if (hts_set_opt(input_.get(), CRAM_OPT_DECODE_MD, 0) != 0) return failed();
    header_.reset(sam_hdr_read(input_.get()));
    if (!header_) return failed();
    record_.reset(bam_init1());
    if (!open_output()) return output_failed();
    if (!job_.headless && sam_hdr_write(output_.get(), header_.get()) != 0) return output_failed();
    const bool done = job_.everything || job_.filters ? all() : regions();
    if (!done) return wrote_ ? failed() : output_failed();
    htsFile* const out = output_.release();
    if (hts_close(out) != 0) return output_failed();
    return wire::Done{};
  }

 private:
  bool open_output() {
    const bool as_cram = job_.operation == wire::Operation::cram;
    output_.reset(hts_open(kOutputName, as_cram ? "wc" : job_.compressed ? "wb1" : "wb0"));
    if (!output_ || !as_cram) return output_ != nullptr;
    // HTSlib of this age calls its 3.1 a draft.
    const htsFormat* format = hts_get_format(input_.get());
    const bool old = format->version.major == 2;
    return hts_set_opt(output_.get(), CRAM_OPT_VERSION, old ? "2.1" : "3.0") == 0 &&
           (has_references() || hts_set_opt(output_.get(), CRAM_OPT_NO_REF, 1) == 0);
  }

  // Whether bases can be stored as differences: every sequence has an M5, and the server knows
  // those asked for.
  bool has_references() {
    for (int i = 0; i < sam_hdr_nref(header_.get()); ++i) {
      kstring_t md5 = KS_INITIALIZE;
      const bool there = sam_hdr_find_tag_pos(header_.get(), "SQ", i, "M5", &md5) == 0;
      const bool needed = there && job_.everything;
      const bool missing = needed && !server_has(std::string(wire::kReference) + md5.s);
      ks_free(&md5);
      if (!there || missing) return false;
    }
    int32_t last = kUnplaced;
    for (const Region& r : job_.regions) {
      if (r.tid == last) continue;
      last = r.tid;
      kstring_t md5 = KS_INITIALIZE;
      const char* name = sam_hdr_tid2name(header_.get(), r.tid);
      const bool known = name != nullptr &&
                         sam_hdr_find_tag_id(header_.get(), "SQ", "SN", name, "M5", &md5) == 0 &&
                         server_has(std::string(wire::kReference) + md5.s);
      ks_free(&md5);
      if (!known) return false;
    }
    return true;
  }

  bool all() {
    int n = 0;
    while ((n = sam_read1(input_.get(), header_.get(), record_.get())) >= 0) {
      if (wanted() && !write()) return false;
    }
    return n == kEnd;
  }

  // As an index finds them.
  bool wanted() const {
    if (!job_.filters) return true;
    RecordFacts place;
    place.tid = record_->core.tid;
    place.begin = static_cast<int32_t>(std::min<hts_pos_t>(record_->core.pos, INT32_MAX));
    place.end = static_cast<int32_t>(std::min<hts_pos_t>(bam_endpos(record_.get()), INT32_MAX));
    return overlaps(place, job_.regions);
  }

  bool regions() {
    const Index index(sam_index_load3(input_.get(), kFileName, kIndexName, 0));
    if (!index) return false;
    const Region* before = nullptr;
    for (const Region& r : job_.regions) {
      const Iterator found(r.tid == kUnplaced ? sam_itr_queryi(index.get(), HTS_IDX_NOCOOR, 0, 0)
                                              : sam_itr_queryi(index.get(), r.tid, r.begin, r.end));
      if (!found) return false;
      int n = 0;
      while ((n = sam_itr_next(input_.get(), found.get(), record_.get())) >= 0) {
        // The region before has had it: regions are in order and do not touch.
        const bool had = before != nullptr && before->tid == r.tid &&
                         record_->core.pos < static_cast<hts_pos_t>(before->end);
        if (!had && !write()) return false;
      }
      if (n != kEnd) return false;
      before = &r;
    }
    return true;
  }

  // Whether the record overlaps a withheld region, by the rule of slices (genomics/overlap.h).
  bool is_withheld() const {
    const bam1_core_t& core = record_->core;
    if (core.tid < 0 || job_.withheld.empty()) return false;
    const hts_pos_t end = std::max(bam_endpos(record_.get()), core.pos + 1);
    return std::any_of(job_.withheld.begin(), job_.withheld.end(), [&](const Region& r) {
      return r.tid == core.tid && core.pos < static_cast<hts_pos_t>(r.end) &&
             static_cast<hts_pos_t>(r.begin) < end;
    });
  }

  bool write() {
    if (is_withheld()) return true;
    ++records_;
    wrote_ = sam_write1(output_.get(), header_.get(), record_.get()) >= 0;
    return wrote_;
  }

  wire::Message failed() {
    return wire::Failed{
        said_.contains("mismatch") ? wire::Failure::reference_differs : wire::Failure::damaged,
        records_};
  }
  wire::Message output_failed() { return wire::Failed{wire::Failure::output, records_}; }

  const wire::Job& job_;
  Said said_;
  File input_, output_;
  Header header_;
  Record record_;
  uint64_t records_ = 0;
  bool wrote_ = true;
};

}  // namespace

wire::Message run(const wire::Job& job) {
  if (job.operation != wire::Operation::index) return Reads(job).run();
  if (sam_index_build3(kFileName, kIndexName, 0, 0) == 0) return wire::Done{};
  return wire::Failed{wire::Failure::damaged, 0};
}

}  // namespace medarc::genomics::worker
