// Meaning: what the archive holds, found by what it is. One logical store: an atomic commit of
// blobs and facts, rows, queries, exact counts, a change feed. The embedded engine is RocksDB;
// nothing here is shaped by it.
//
// Crash behaviour: commit() is durable and visible when it returns, or has no effect when it fails
// with exhausted / too_large / invalid_argument; after Code::io or unavailable the outcome is
// unknown and a retry is safe (facts are idempotent). The rows are a cache of the log: delete them
// and open_index() builds the same ones again.
//
// Thread-safe throughout.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "archive/segment_store.h"
#include "base/config.h"
#include "index/ops.h"
#include "index/rows.h"

namespace medarc::index {

// Matching follows the VR (normalise.h): PN without regard to case, accents kept, by component
// group; others exactly as PS3.4 C.2.2.2.
enum class TermOp : uint8_t {
  equal,     // any of `values` (a UID list is one term)
  wildcard,  // values[0] with * and ?, for VRs that allow them
  range,     // values = {low, high}, either may be empty; DA, TM, DT as text, inclusive
  present,   // attribute has a value
  empty,     // attribute absent or without value
  begins,    // a word of a name begins with values[0] (name_words.h)
  all_of,    // every one of `values` is among the attribute's values
};

struct Term {
  Tag field;
  TermOp op = TermOp::equal;
  std::vector<std::string> values;
};

enum class Order : uint8_t {
  newest_first,  // study, series, instance, file: by received time, then id; patients by id
  by_id,         // studies by UID; series and instances by parent and UID
  any,           // whatever costs least: stable, by the driving field and then id (the default)
};

struct Query {
  Kind kind = Kind::study;
  // Only below this parent: series of a study, instances of a study or a series.
  std::optional<StudyUid> study;
  std::optional<SeriesUid> series;
  // All groups must match; a group matches when any of its terms does. Terms may name attributes of
  // any level above `kind` as well (patient and study attributes in a series query).
  std::vector<std::vector<Term>> all_of_any;
  // Only these rows, by their ids (rows.h), sorted; ids of no row are passed over. null: any rows.
  std::shared_ptr<const std::vector<Bytes>> among;
  Order order = Order::any;
  Bytes after;          // cursor of an earlier page; empty: from the start
  uint64_t offset = 0;  // rows to skip (QIDO's offset); cost follows it, prefer cursors
  uint32_t limit = 100;
  uint64_t rows_examined_max = 5'000'000;  // then Code::too_large, never a silent part answer
};

struct Match {
  Row row;                          // of query.kind
  std::optional<SeriesRow> series;  // parents, where kind is below them
  std::optional<StudyRow> study;
};

struct Page {
  std::vector<Match> matches;
  Bytes next;  // empty: nothing follows
};

struct Count {
  uint64_t rows = 0;
  bool exact = true;  // false: there are more than `stop_after`, which `rows` says
};

// A change to a patient, an instance or a file: done (new), new_version, or not_found (it is gone).
struct Event {
  archive::CommitNumber number;
  Kind kind;
  Bytes id;
  State state;
};

// What walking the audit chain found.
struct AuditCheck {
  uint64_t entries = 0;                 // walked
  std::optional<uint64_t> first_wrong;  // sequence of the first entry that does not follow
  std::optional<Digest> head;           // hash of the last entry
};

// One consistent state of everything; cheap to make, hold it no longer than one answer.
class View {
 public:
  virtual ~View() = default;
  virtual Result<std::optional<PatientRow>> patient(const PatientKey&) = 0;
  virtual Result<std::optional<PatientRow>> patient(const Identifier&) = 0;
  virtual Result<std::optional<StudyRow>> study(const StudyUid&) = 0;
  virtual Result<std::optional<SeriesRow>> series(const StudyUid&, const SeriesUid&) = 0;
  // The latest version, or the one asked for.
  virtual Result<std::optional<InstanceRow>> instance(const StudyUid&, const SeriesUid&,
                                                      const SopInstanceUid&,
                                                      std::optional<uint32_t> version = {}) = 0;
  // Of the instance, or else of its series, or else of its study: why it is not here. nullopt: it
  // never was, or came back.
  virtual Result<std::optional<Tombstone>> tombstone(const StudyUid&,
                                                     const std::optional<SeriesUid>&,
                                                     const std::optional<SopInstanceUid>&) = 0;
  virtual Result<std::optional<FileRow>> file(const FileId&) = 0;
  virtual Result<Page> query(const Query&) = 0;
  // stop_after 0: counts them all. What is known without counting is exact in any case.
  virtual Result<Count> count(const Query&, uint64_t stop_after) = 0;
  // Metadata of every instance of the series (or of the one instance), by SOP Instance UID; each is
  // one zstd frame with its content size. `visit` answers false to stop.
  virtual Status metadata(
      const StudyUid&, const SeriesUid&, const std::optional<SopInstanceUid>&,
      const std::function<bool(const SopInstanceUid&, ByteView zstd)>& visit) = 0;
  // Events with number above `after`, in order: about `limit`, and never a part of a commit's.
  virtual Result<std::vector<Event>> feed(archive::CommitNumber after, uint32_t limit) = 0;
  // Jobs of one queue (of all: ""), by queue and name, behind the job of id `after` ("": from the
  // first).
  virtual Result<std::vector<JobRow>> jobs(std::string_view queue, ByteView after,
                                           uint32_t limit) = 0;
  virtual Result<std::optional<JobRow>> job(std::string_view queue, std::string_view name) = 0;
  // The last commit this state holds.
  virtual Result<archive::CommitNumber> last_commit() = 0;
  // Extra attributes (lookups.h): through which commit `name` is complete (nullopt: not kept), and
  // the ids of instances that may match the term. False: the term is not found by value.
  virtual Result<std::optional<archive::CommitNumber>> lookup_through(std::string_view name) = 0;
  virtual Result<bool> look_up(std::string_view name, const Term& term,
                               const std::array<char, 2>& vr,
                               const std::function<bool(ByteView id)>& visit) = 0;
  virtual Result<std::optional<WorkItemRow>> work_item(const SopInstanceUid&) = 0;
  // Why it is not here; nullopt: it never was.
  virtual Result<std::optional<Tombstone>> removed_work_item(const SopInstanceUid&) = 0;
  virtual Result<std::optional<SubscriptionRow>> subscription(const SopInstanceUid& target,
                                                              std::string_view aet) = 0;
  // Everybody who is told of the target, by AE title.
  virtual Result<std::vector<SubscriptionRow>> subscriptions(const SopInstanceUid& target) = 0;
  // The targets that an application is told of, by UID.
  virtual Result<std::vector<SopInstanceUid>> subscribed_by(std::string_view aet) = 0;
  // Every application that is told of anything.
  virtual Result<std::vector<std::string>> subscribers() = 0;
  // Entries are numbered from 1 without a gap.
  virtual Result<std::vector<AuditEntry>> audit(uint64_t after_sequence, uint32_t limit) = 0;
  virtual Result<AuditCheck> check_audit() = 0;
};

struct CommitResult {
  archive::CommitNumber number;
  std::vector<OpOutcome> outcomes;  // one an op, in order
};

class Lookups;

struct IndexStats {
  uint64_t patients = 0, studies = 0, series = 0, instances = 0, files = 0, audit_entries = 0;
  uint64_t index_bytes = 0;
};

class Index {
 public:
  virtual ~Index() = default;
  virtual Result<CommitResult> commit(std::vector<archive::StagedBlob> blobs, Facts facts) = 0;
  virtual std::unique_ptr<View> view() = 0;
  virtual archive::BlobStore& blobs() = 0;
  virtual Result<IndexStats> stats() = 0;
  virtual Lookups& lookups() = 0;
  // Every row in key order, for comparing two indexes; key and value as stored. Without lookups,
  // which do not follow from the log.
  virtual Status for_each_row(const std::function<bool(ByteView key, ByteView value)>& visit) = 0;
  virtual Status flush() = 0;
};

struct IndexOptions {
  archive::SegmentOptions archive;
  uint64_t cache_bytes = 128ull << 20;        // block cache
  uint64_t write_buffer_bytes = 64ull << 20;  // memtables, all families together
  bool file_store = false;                    // FileBlobStore instead of the segment log
  static IndexOptions from(Config& config);
};

// Opens or creates the archive in `dir` (DIR/log and DIR/index) and brings the rows up to the log.
// Rows that are missing, damaged beyond opening, or of an older schema are derived anew, with a
// warning. Errors: as open_segment_store; unsupported (written by a newer Medarc).
Result<std::unique_ptr<Index>> open_index(Fs& fs, const std::string& dir, IndexOptions options,
                                          const archive::KeyRing* keys = nullptr);

// Throws the rows away and derives them from the log again. The archive must be stopped.
Status rebuild_index(Fs& fs, const std::string& dir, IndexOptions options,
                     const archive::Progress& progress);

}  // namespace medarc::index
