#include "dicom/dimse/worklist_scp.h"

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse/identifier.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

using worklist::Reply;

// Action Type IDs (PS3.4 tables CC.2.1-1, CC.2.2-1, CC.2.3-1).
constexpr uint16_t kChangeState = 1, kRequestCancel = 2, kSubscribe = 3, kUnsubscribe = 4,
                   kSuspend = 5;
constexpr uint16_t kAttributesNotHeld = 0x0001;
constexpr uint32_t kPageRows = 200;
constexpr size_t kSendBytes = 64u << 10;

// PS3.4 tables CC.2-1 to CC.2-5.
bool served(std::string_view sop_class, uint16_t field) {
  switch (field) {
    case kCreateRq: return sop_class == kUpsPush;
    case kSetRq: return sop_class == kUpsPull;
    case kFindRq: return sop_class == kUpsPull || sop_class == kUpsWatch || sop_class == kUpsQuery;
    case kNormalizedGetRq:
    case kActionRq: return sop_class == kUpsPush || sop_class == kUpsPull || sop_class == kUpsWatch;
    default: return false;
  }
}

bool action_served(std::string_view sop_class, uint16_t action) {
  switch (action) {
    case kChangeState: return sop_class == kUpsPull;
    case kRequestCancel: return sop_class == kUpsPush || sop_class == kUpsWatch;
    case kSubscribe:
    case kUnsubscribe:
    case kSuspend: return sop_class == kUpsWatch;
    default: return false;
  }
}

class Serving {
 public:
  Serving(const WorklistPeer& peer, const Request& request, std::optional<Request>& next)
      : peer_(peer), request_(request), command_(request.command), next_(next) {}

  Status run() {
    Limits limits = peer_.limits;
    const worklist::WorklistOptions& options = peer_.list.options();
    limits.identifier_bytes_max = static_cast<uint32_t>(options.item.bytes_max);
    MEDARC_ASSIGN(const auto bytes, read_identifier_bytes(peer_.association, request_, limits));
    const std::string& sop_class = request_.context.abstract_syntax;
    if (!served(sop_class, command_.field)) return answer(kUnrecognisedOperation);
    if (!is_worklist(command_.sop_class)) return answer(kClassInstanceConflict);
    if (!bytes) return fail(make_error(Code::too_large, "the data set is over its limit"));
    auto dataset = read_dataset(*bytes, request_.context.transfer_syntax, limits, options.item);
    if (dataset.has_error()) return fail(dataset.error());
    switch (command_.field) {
      case kFindRq: return find(*dataset, *bytes, limits);
      case kNormalizedGetRq: return get();
      case kCreateRq:
        return answer(peer_.list.create(peer_.principal, command_.sop_instance, *dataset));
      case kSetRq:
        return answer(peer_.list.update(peer_.principal, command_.sop_instance, "", *dataset));
      default: return action(*dataset);
    }
  }

 private:
  Status action(const DataSet& dataset) {
    const uint16_t type = command_.action_type.value_or(0);
    if (!action_served(request_.context.abstract_syntax, type)) return answer(kNoSuchAction);
    worklist::Worklist& list = peer_.list;
    const std::string& uid = command_.sop_instance;
    if (type == kChangeState) return answer(list.change_state(peer_.principal, uid, dataset));
    if (type == kRequestCancel) {
      const std::string_view calling =
          ul::trim_title(peer_.association.agreement().answer.fixed.calling);
      return answer(list.request_cancel(peer_.principal, uid, dataset, std::string(calling)));
    }
    const std::string aet(dataset.first(worklist::kReceivingAe));
    if (type == kUnsubscribe) return answer(list.unsubscribe(peer_.principal, uid, aet));
    if (type == kSuspend) return answer(list.suspend(peer_.principal, uid, aet));
    const std::string_view lock = dataset.first(worklist::kDeletionLock);
    if (lock != "TRUE" && lock != "FALSE") {
      return answer(kInvalidArgument, "Deletion Lock is TRUE or FALSE");
    }
    worklist::Subscription wanted{uid, aet, lock == "TRUE", false, dataset};
    wanted.filter.erase(worklist::kReceivingAe);
    wanted.filter.erase(worklist::kDeletionLock);
    return answer(list.subscribe(peer_.principal, wanted));
  }

  Status get() {
    auto got = peer_.list.retrieve(peer_.principal, command_.sop_instance);
    if (got.has_error()) return fail(got.error());
    if (got->reply.failed()) return answer(got->reply.status, got->reply.text);
    // Both are told by the command (table CC.2.5-3).
    got->item.erase(worklist::kSopClass);
    got->item.erase(worklist::kSopInstance);
    DataSet wanted;
    uint16_t status = kSuccess;
    for (const uint32_t tag : command_.attributes) {
      const DataElement* held = got->item.find(Tag{tag});
      if (held != nullptr) wanted.set(*held);
      if (held == nullptr && tag != 0x00080005) status = kAttributesNotHeld;
    }
    add(status, write_dataset(command_.attributes.empty() ? got->item : wanted, {},
                              request_.context.transfer_syntax));
    return send();
  }

  Status find(const DataSet& identifier, ByteView bytes, const Limits& limits) {
    static Counter& finds = counter("medarc_dimse_finds_total", "C-FIND requests answered.");
    finds.add();
    const auto plain = read_identifier(bytes, request_.context.transfer_syntax, limits);
    if (plain.has_error()) return fail(plain.error());
    auto keys = worklist::read_keys(identifier, {});
    if (keys.has_error()) return fail(keys.error());
    keys->query.limit = kPageRows;
    const uint16_t pending = keys->unsupported.empty() ? kPending : kPendingUnsupportedKeys;
    const auto view = peer_.list.index().view();
    auto page = peer_.list.find(peer_.principal, *view, keys->query);
    for (;;) {
      if (page.has_error()) return fail(page.error());
      for (const index::Match& match : page->matches) {
        auto item = worklist::item_of(match);
        if (item.has_error()) return fail(item.error());
        add(pending, write_dataset(worklist::project(*item, identifier), plain->charset,
                                   request_.context.transfer_syntax));
        if (pdus_.size() < kSendBytes) continue;
        MEDARC_TRY(send());
        MEDARC_ASSIGN(const bool cancelled, cancel_came(peer_.association, request_, next_));
        if (cancelled) return answer(kCancelled);
      }
      if (page->next.empty()) return answer(kSuccess);
      keys->query.after = std::move(page->next);
      page = view->query(keys->query);
    }
  }

  Status answer(Result<Reply> reply) {
    if (reply.has_error()) return fail(reply.error());
    return answer(reply->status, reply->text);
  }
  Status answer(uint16_t status, std::string comment = {}) {
    ul::append_p_data(pdus_, request_.context_id, true,
                      encode(response_to(command_, status, std::move(comment))),
                      peer_.association.agreement().peer_pdu_bytes_max);
    return send();
  }
  Status fail(const Error& error) {
    log(medarc::Level::warn, "worklist.refused",
        {{"peer", peer_.association.peer()}, {"error", error.text}});
    const bool find = command_.field == kFindRq;
    return answer(find ? query_status(error.code) : action_status(error.code), error.text);
  }

  void add(uint16_t status, ByteView dataset) {
    Command response = response_to(command_, status);
    response.dataset_type = kDataset;
    const uint32_t bytes_max = peer_.association.agreement().peer_pdu_bytes_max;
    ul::append_p_data(pdus_, request_.context_id, true, encode(response), bytes_max);
    ul::append_p_data(pdus_, request_.context_id, false, dataset, bytes_max);
  }
  Status send() {
    Status sent = peer_.association.send(pdus_);
    pdus_.clear();
    return sent;
  }

  const WorklistPeer& peer_;
  const Request& request_;
  const Command& command_;
  std::optional<Request>& next_;
  Bytes pdus_;
};

}  // namespace

bool is_worklist_request(uint16_t field) {
  return field == kCreateRq || field == kNormalizedGetRq || field == kSetRq || field == kActionRq ||
         field == kFindRq;
}

Status serve_worklist(const WorklistPeer& peer, const Request& request,
                      std::optional<Request>& next) {
  return Serving(peer, request, next).run();
}

}  // namespace medarc::dicom::dimse
