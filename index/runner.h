// Runs one query over one state: drives, evaluates, pages, counts.
#pragma once

#include "index/cursor.h"
#include "index/planner.h"
#include "index/source.h"

namespace medarc::index {

class Runner {
 public:
  Runner(Reader& reader, const Query& query);
  Result<Page> page();
  Result<Count> count(uint64_t stop_after);

 private:
  struct Found {
    Position position;
    Bytes id;
    ByteView value;  // of the row; valid during the visit
  };
  using Visit = std::function<Result<bool>(Found&)>;  // false stops

  Status run(const Driver& d, const std::optional<Position>& after, const Visit& visit);
  Status run_base(const Driver& d, const std::optional<Position>& after, const Visit& visit);
  Status run_keys(const Driver& d, const std::optional<Position>& after, const Visit& visit);
  Result<bool> expand(ByteView suffix, ByteView parent, ByteView after_child, const Visit& visit);
  // Is this key the one under which its row shows (a row may have several in a range)?
  Result<bool> first_key(const Driver& d, ByteView suffix, ByteView value);
  bool key_may_match(const Driver& d, ByteView suffix) const;
  Result<bool> row_matches(ByteView id, ByteView value);
  Status load_parents(ByteView id);
  Status examine();

  bool ordered(const Driver& d) const;
  Bytes order_key(ByteView id) const;  // of the row decoded last
  size_t order_prefix_bytes() const;   // of an order key, before the id
  Result<bool> worth_sorting(uint64_t driven_rows);
  Result<Page> sorted_page(size_t candidate, const std::optional<Position>& after);
  Result<Match> match_of(ByteView id, ByteView value);

  Reader& reader_;
  const Query original_;
  Query query_;  // with the series asked as a term where it is not the parent
  Predicate predicate_;
  std::vector<Driver> drivers_;
  uint64_t examined_ = 0;
  std::unique_ptr<Scan> children_;  // over all rows of the kind, to expand parents with
  Bytes parent_prefix_;
  // The row looked at, and its parents, kept from row to row.
  Bytes study_id_, series_id_;
  std::optional<StudyRow> study_;
  std::optional<SeriesRow> series_;
  std::optional<PatientRow> patient_;
  std::optional<InstanceRow> instance_;
  std::optional<FileRow> file_;
  std::optional<WorkItemRow> work_item_;
};

}  // namespace medarc::index
