// Values of further attributes by which instances are to be found fast: the operator's choice, not
// part of what the log says. Somebody above follows the change feed, reads metadata and puts
// entries here; each name says through which commit it is complete, so that what came later is
// known and can be looked at one by one. Entries are kept beside the rows and flushed with them:
// after a crash they are as old as the rows, and the feed is followed again from there. A rebuilt
// index has none.
//
// An entry may outlive what it says (the instance has a new version, or is gone): finders check.
//
// Thread-safe; put() and keep() are called by one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "index/match.h"
#include "index/reader.h"

namespace medarc::index {

struct LookupEntry {
  std::string name;
  Bytes id;                        // of an instance (rows.h)
  std::vector<std::string> forms;  // of its values (normalise.h); none: it has no value, or is gone
};

class Lookups {
 public:
  virtual ~Lookups() = default;
  // The names kept from here on. New ones are complete through commit 0; entries of others go.
  virtual Status keep(const std::vector<std::string>& names) = 0;
  // In one step: entries take the place of earlier ones of their name and id, and the names become
  // complete through those commits. Names that are not kept are passed over.
  virtual Status put(const std::vector<LookupEntry>& entries,
                     const std::map<std::string, archive::CommitNumber>& through) = 0;
};

// Through which commit `name` is complete in this state; nullopt: it is not kept.
Result<std::optional<archive::CommitNumber>> lookup_through(StateReader& state,
                                                            std::string_view name);
// Ids of instances that have a value which may match the term, in no order and possibly twice;
// false from `visit` stops. False: this term is not found by value (absence, or everything).
Result<bool> look_up(Reader& reader, std::string_view name, const Term& term, const Vr& vr,
                     const std::function<bool(ByteView id)>& visit);

class RocksDb;
std::unique_ptr<Lookups> make_lookups(std::shared_ptr<RocksDb> db);

}  // namespace medarc::index
