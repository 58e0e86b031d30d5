#include "genomics/pileup.h"

#include <htslib/kstring.h>
#include <htslib/sam.h>

#include <algorithm>
#include <optional>

#include "genomics/hts_record.h"

namespace medarc::genomics {
namespace {

constexpr uint16_t kExcluded = kUnmapped | kSecondary | kQcFail | kDuplicate;
constexpr int kEnd = -1, kFailed = -2;  // answers of a pileup's source

// Whether HTSlib's pileup may have it: it counts on an aligned base, and on operations that have a
// length, and ends the process where there is none.
bool has_usable_cigar(const bam1_t* b) {
  const uint32_t* cigar = bam_get_cigar(b);
  bool aligned = false;
  for (uint32_t i = 0; i < b->core.n_cigar; ++i) {
    const uint32_t op = bam_cigar_op(cigar[i]);
    if (bam_cigar_oplen(cigar[i]) == 0) return false;
    aligned = aligned || op == BAM_CMATCH || op == BAM_CEQUAL || op == BAM_CDIFF;
  }
  return aligned;
}

}  // namespace

struct PileupScan::State {
  State(RecordScan s, Region r, const PileupOptions& o, const Limits& l)
      : scan(std::move(s)), region(r), options(o), limits(l) {}
  ~State() {
    if (engine != nullptr) bam_mplp_destroy(engine);
    ks_free(&inserted);
  }

  static int feed(void* data, bam1_t* b) { return static_cast<State*>(data)->read(b); }

  int read(bam1_t* b) {
    while (true) {
      const auto record = scan.next();
      if (record.has_error()) return fail(record.error());
      if (record->empty()) return kEnd;
      const RecordFacts facts = facts_of(record->substr(4));
      if (facts.tid < 0 || facts.begin < 0 || (facts.flag & kExcluded) != 0) continue;
      if (facts.mapping_quality < options.mapping_quality_min) continue;
      if (!options.orphans && (facts.flag & kPaired) != 0 && (facts.flag & kProperPair) == 0) {
        continue;
      }
      bytes += record->size();
      if (bytes > limits.pileup_bytes_max) {
        return fail(make_error(Code::too_large, "the reads are over genomics.pileup_bytes_max"));
      }
      if (static_cast<uint64_t>(facts.begin) + limits.pileup_lead_bases_max < region.begin) {
        return fail(make_error(Code::too_large,
                               "a read begins further before the region than "
                               "genomics.pileup_lead_bases_max"));
      }
      const Status loaded = load_record(*record, b);
      if (loaded.has_error()) return fail(loaded.error());
      if (!has_usable_cigar(b)) continue;
      // Without bases there is nothing to weigh against the mate's.
      if (b->core.l_qseq == 0) b->core.flag &= static_cast<uint16_t>(~kProperPair);
      return 0;
    }
  }
  int fail(Error error) {
    failed = std::move(error);
    return kFailed;
  }

  void add(const bam_pileup1_t& p, PileupColumn& out);
  void add_read(const bam_pileup1_t& p, char letter, uint8_t quality, PileupColumn& out);

  RecordScan scan;
  const Region region;
  const PileupOptions options;
  const Limits limits;
  bam_mplp_t engine = nullptr;
  kstring_t inserted = KS_INITIALIZE;
  uint64_t bytes = 0;
  std::optional<Error> failed;
  uint64_t quality_sum = 0, qualities = 0;  // of the column under way
};

PileupScan::PileupScan(std::unique_ptr<State> state) : state_(std::move(state)) {}
PileupScan::PileupScan(PileupScan&&) noexcept = default;
PileupScan::~PileupScan() = default;
const Region& PileupScan::region() const { return state_->region; }

Result<PileupScan> PileupScan::open(std::shared_ptr<const ReadSet> set, Region region,
                                    const PileupOptions& options, const Limits& limits,
                                    std::unique_ptr<archive::BlobReader> reader) {
  if (region.tid < 0) {
    return make_error(Code::invalid_argument, "region: the unplaced reads have no positions");
  }
  region.end = std::min(region.end, set->header.references[static_cast<size_t>(region.tid)].bases);
  region.begin = std::min(region.begin, region.end);
  if (region.end - region.begin > limits.pileup_bases_max) {
    return make_error(Code::too_large, "the region is over genomics.pileup_bases_max");
  }
  const Selection selection{std::vector<Region>{region}, {}};
  MEDARC_ASSIGN(RecordScan scan,
                RecordScan::open(std::move(set), selection, limits, std::move(reader)));
  auto state = std::make_unique<State>(std::move(scan), region, options, limits);
  void* data = state.get();
  state->engine = bam_mplp_init(1, &State::feed, &data);
  if (state->engine == nullptr) return make_error(Code::exhausted, "no memory for a pileup");
  if (options.overlaps_once && bam_mplp_init_overlaps(state->engine) < 0) {
    return make_error(Code::exhausted, "no memory for a pileup");
  }
  bam_mplp_set_maxcnt(state->engine, static_cast<int>(limits.pileup_depth_max));
  return PileupScan(std::move(state));
}

Result<bool> PileupScan::next(PileupColumn& out) {
  State& s = *state_;
  while (true) {
    int tid = 0, count = 0;
    hts_pos_t position = 0;
    const bam_pileup1_t* column = nullptr;
    const int more = bam_mplp64_auto(s.engine, &tid, &position, &count, &column);
    if (s.failed) return *s.failed;
    if (more < 0) return make_error(Code::corrupt, "the pileup of stored reads failed");
    if (more == 0 || position >= static_cast<hts_pos_t>(s.region.end)) return false;
    if (position < static_cast<hts_pos_t>(s.region.begin)) continue;
    out = PileupColumn();
    out.position = static_cast<uint32_t>(position);
    s.quality_sum = s.qualities = 0;
    for (int i = 0; i < count; ++i) s.add(column[i], out);
    if (s.qualities > 0) {
      out.quality_mean = static_cast<double>(s.quality_sum) / static_cast<double>(s.qualities);
    }
    if (s.failed) return *s.failed;
    return true;
  }
}

void PileupScan::State::add(const bam_pileup1_t& p, PileupColumn& out) {
  const bam1_t* b = p.b;
  const bool has_base = p.qpos < b->core.l_qseq;
  const uint8_t quality = has_base ? bam_get_qual(b)[p.qpos] : 0;
  if (quality < options.base_quality_min) return;
  const bool reverse = bam_is_rev(b);
  ++out.depth;
  char letter = '*';
  if (p.is_refskip) {
    letter = '>';
    out.skipped.add(reverse);
  } else if (p.is_del) {
    out.deleted.add(reverse);
  } else {
    letter = has_base ? seq_nt16_str[bam_seqi(bam_get_seq(b), p.qpos)] : 'N';
    out.bases[letter].add(reverse);
    quality_sum += quality;
    ++qualities;
  }
  add_read(p, letter, quality, out);
}

void PileupScan::State::add_read(const bam_pileup1_t& p, char letter, uint8_t quality,
                                 PileupColumn& out) {
  const bool reverse = bam_is_rev(p.b);
  std::string bases_inserted;
  int deleted = 0;
  if (p.indel != 0) {
    const int length = bam_plp_insertion(&p, &inserted, &deleted);
    if (length < 0) {
      failed = make_error(Code::exhausted, "no memory for an insertion");
      return;
    }
    if (length > 0) bases_inserted.assign(ks_str(&inserted), static_cast<size_t>(length));
    if (p.indel < 0) deleted = -p.indel;
  }
  if (!bases_inserted.empty()) out.insertions[bases_inserted].add(reverse);
  if (deleted > 0) out.deletions[static_cast<uint32_t>(deleted)].add(reverse);
  if (!options.reads) return;
  PileupRead read;
  read.name = bam_get_qname(p.b);
  read.base = letter;
  read.reverse = reverse;
  read.first = p.is_head;
  read.last = p.is_tail;
  read.base_quality = quality;
  read.mapping_quality = p.b->core.qual;
  read.read_position = static_cast<uint32_t>(p.qpos);
  read.inserted = std::move(bases_inserted);
  read.deleted = static_cast<uint32_t>(deleted);
  out.reads.push_back(std::move(read));
}

}  // namespace medarc::genomics
