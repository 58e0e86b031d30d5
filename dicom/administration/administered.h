// One kind of thing (peers, routing rules) that the configuration file holds and to which
// administrators add while the server runs. What they add is a setting of the index
// (index/setting.h), so it is durable when put() returns, and follows from the log like all else.
//
// What the file holds is changed in the file alone. A name that is in both (the file was edited
// later) is the file's; the administrators' waits in the archive until the file lets it go. One
// that no longer reads, because a file or a host that it names is gone, is shown with its problem
// and not in force until it is put again: a server does not fail to start for it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dicom/administration/options.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::dicom {

using security::Principal;

struct AdministeredEntry {
  std::string name;         // the AE title of a peer, the name of a rule
  Config::Table table;      // as the file would have it
  bool configured = false;  // it is the file's
  uint64_t version = 0;     // of an administrator's: never the same twice
  Timestamp changed;        // likewise
  std::string problem;      // why it is not in force; "": it is
};

// What a writer says is there; nothing said: put() makes and does not replace, remove() removes.
struct Expected {
  bool absent = false;             // nothing is
  bool any = false;                // something is, whatever version
  std::vector<uint64_t> versions;  // one of these is
  bool said() const { return absent || any || !versions.empty(); }
};

// Thread-safe. Every call is for administrators; a change is its own audit entry, which says all
// that was set.
class Administered {
 public:
  // What all kinds share; it outlives them.
  struct Shared {
    index::Index& index;
    security::Guard& guard;
    const AdministrationOptions options;
    std::mutex mutex;  // one change at a time, of any kind: they refer to each other
  };
  struct Written {
    AdministeredEntry entry;
    bool created = false;
  };

  virtual ~Administered() = default;
  // The file's, and those of the archive, which come into force. Once, before anything else.
  Status load();
  Result<std::vector<AdministeredEntry>> list(const Principal& who);             // by name
  Result<AdministeredEntry> get(const Principal& who, const std::string& name);  // not_found
  // Durable and in force on return. invalid_argument: what the configuration would refuse too, or a
  // file outside files_directory; conflict: the file's, more than entries_max, or against a rule or
  // a web destination there is; precondition_failed: another version is there than `expected`, or
  // something is and nothing was said.
  Result<Written> put(const Principal& who, const std::string& name, Config::Table table,
                      const Expected& expected);
  // not_found, conflict (the file's, or still referred to), precondition_failed.
  Status remove(const Principal& who, const std::string& name, const Expected& expected);
  const AdministrationOptions& options() const { return shared_.options; }

 protected:
  using Enforce = std::function<void()>;  // puts what was read into force; cannot fail

  // `kind`: "peer"; also its table in the index and the name of its objects in the audit.
  Administered(Shared& shared, std::string kind) : shared_(shared), kind_(std::move(kind)) {}
  virtual std::vector<AdministeredEntry> configured() const = 0;
  // Whether it may be called so; puts the name where the table has it.
  virtual Status name_it(const std::string& name, Config::Table& table) const = 0;
  virtual Result<Enforce> read(const std::string& name, const Config::Table& table) = 0;
  virtual Status may_remove(const std::string& name) const = 0;
  virtual void withdraw(const std::string& name) = 0;

  std::optional<AdministeredEntry> find(const std::string& name) const;  // takes the mutex
  security::Guard& guard() { return shared_.guard; }
  security::Object object_of(const std::string& name, std::string detail) const;

 private:
  Error file_holds(const std::string& name) const;
  Status check(const AdministeredEntry* there, const Expected& expected) const;
  // Sets the value, or takes it away; the version there is now.
  Result<uint64_t> commit(const Principal& who, const std::string& name, std::optional<Bytes> value,
                          Timestamp time);

  Shared& shared_;
  const std::string kind_;
  std::map<std::string, AdministeredEntry> entries_;  // guarded by shared_.mutex
};

}  // namespace medarc::dicom
