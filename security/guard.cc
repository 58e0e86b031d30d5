#include "security/guard.h"

#include "security/audit_windows.h"
#include "security/policy.h"

namespace medarc::security {
namespace {

class PolicyGuard final : public Guard {
 public:
  PolicyGuard(index::Index& index, const GuardOptions& options) : windows_(index, options) {}

  Status authorise(const Principal& who, Action action, const Object& object) override {
    if (allowed(who.roles, object.domain, action)) return {};
    Object refused = object;
    refused.detail = std::string(to_string(action)) + " " + std::string(to_string(object.domain));
    if (!object.detail.empty()) refused.detail += "; " + object.detail;
    // The refusal stands whether or not its entry could be written; that failure is logged there.
    (void)windows_.record(who, "refuse", refused, false);
    return make_error(Code::permission_denied, "none of this principal's roles may " +
                                                   std::string(to_string(action)) + " " +
                                                   std::string(to_string(object.domain)));
  }

  index::Op audit_op(const Principal& who, Action action, const Object& object) override {
    index::AuditEntry entry;
    entry.time = now();
    entry.principal = who.id;
    entry.door = who.door;
    entry.action = std::string(to_string(action));
    entry.object = object.name.substr(0, AuditWindows::kTextBytesMax);
    entry.detail = object.detail.substr(0, AuditWindows::kTextBytesMax);
    return index::RecordAudit{std::move(entry)};
  }

  Status admit(const Principal& who, Action action, const Object& object) override {
    MEDARC_TRY(authorise(who, action, object));
    return windows_.record(who, to_string(action), object, true);
  }

  void refused(const Principal& who, const Object& object) override {
    // As above: the refusal stands whether or not its entry could be written.
    (void)windows_.record(who, "refuse", object, false);
  }

 private:
  AuditWindows windows_;
};

}  // namespace

GuardOptions GuardOptions::from(Config& config) {
  GuardOptions o;
  o.audit_window_ms =
      config.size("security.audit_window_ms", o.audit_window_ms,
                  "How long reads of one object by one principal are counted into one audit entry.",
                  10, 86'400'000);
  o.audit_groups_max = static_cast<uint32_t>(config.size(
      "security.audit_groups_max", o.audit_groups_max,
      "Groups of reads counted at once; beyond it the oldest is written early.", 1, 10'000'000));
  o.audit_reads_durable = config.flag(
      "security.audit_reads_durable", o.audit_reads_durable,
      "Whether the audit entry of a read is on disk before the first byte leaves; if not, it is "
      "within 200 ms.");
  return o;
}

std::unique_ptr<Guard> Guard::create(index::Index& index, GuardOptions options) {
  return std::make_unique<PolicyGuard>(index, options);
}

}  // namespace medarc::security
