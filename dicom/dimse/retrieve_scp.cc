#include "dicom/dimse/retrieve_scp.h"

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse/query.h"
#include "dicom/dimse/store_scu.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint32_t kPageRows = 500;
constexpr size_t kFailedNamedMax = 1000;  // of (0008,0058)

// How a sub-operation's status counts (PS3.7 9.1.3).
bool is_warning(uint16_t status) {
  return status >> 12 == 0xB || status == 0x0107 || status == 0x0116;
}

// What is kept of an instance until its turn comes.
struct Item {
  StudyUid study;
  SeriesUid series;
  SopInstanceUid instance;
};

class Retrieving {
 public:
  Retrieving(const RetrieveContext& context, const Request& request, std::optional<Request>& next)
      : context_(context), request_(request), next_(next) {}

  Status run(ByteView dataset) {
    const bool move = request_.command.field == kMoveRq;
    auto identifier = read_identifier(dataset, request_.context.transfer_syntax, context_.limits);
    if (identifier.has_error()) return finish(identifier.error());
    view_ = context_.imaging.index().view();
    const Root root = query_model_of(request_.context.abstract_syntax)->root;
    auto queries = read_retrieve(*identifier, root, *view_, context_.filed);
    if (queries.has_error()) return finish(queries.error());
    std::shared_ptr<const Destination> to;
    if (move) {
      to = context_.destinations.find(request_.command.move_destination);
      if (to == nullptr) {
        return finish(kMoveDestinationUnknown, "the move destination is not configured");
      }
    }
    // Nothing is counted, moved or told before who asks may read it.
    if (auto found = collect(*queries); found.has_error()) return finish(found.error());
    if (items_.size() > context_.suboperations_max) {
      return finish(kCannotCountMatches, "more instances than suboperations_max; ask for less");
    }
    counts_.remaining = static_cast<uint16_t>(items_.size());
    if (!move) {
      StoreScu sender(context_.association, context_.imaging, context_.principal, true,
                      context_.lossy_allowed);
      return send_all(sender, std::nullopt);
    }
    if (items_.empty()) return finish(kSuccess);
    auto destination = open(*to);
    if (destination.has_error()) {
      log(medarc::Level::warn, "dimse.move_failed",
          {{"destination", to->aet}, {"error", destination.error().text}});
      for (const Item& item : items_) failed_.push_back(item.instance.value);
      counts_.failed = std::exchange(counts_.remaining, uint16_t{0});
      return finish(kCannotPerformSuboperations, destination.error().text);
    }
    StoreScu sender(**destination, context_.imaging, context_.principal, false,
                    context_.lossy_allowed);
    const Originator originator{context_.calling_aet, request_.command.message_id.value_or(0)};
    const Status ended = send_all(sender, originator);
    if (ended.has_value()) (void)(*destination)->release();
    return ended;
  }

  // The final response.
  Status finish(uint16_t status, std::string comment = {}) {
    Command response = response_to(request_.command, status, std::move(comment));
    response.suboperations = counts_;
    Bytes dataset;
    if (!failed_.empty() && status != kSuccess) {
      response.dataset_type = kDataset;
      if (failed_.size() > kFailedNamedMax) failed_.resize(kFailedNamedMax);
      dataset = write_identifier({{kFailedInstances, {'U', 'I'}, failed_}}, {},
                                 request_.context.transfer_syntax);
    }
    return send(response, dataset);
  }
  Status finish(const Error& error) {
    log(medarc::Level::warn, "dimse.retrieve_refused",
        {{"peer", context_.association.peer()}, {"error", error.text}});
    return finish(query_status(error.code), error.text);
  }

 private:
  Status collect(std::vector<index::Query>& queries) {
    bool admitted = false;
    for (index::Query& query : queries) {
      query.limit = kPageRows;
      do {
        auto page = admitted ? view_->query(query)
                             : context_.imaging.find(context_.principal, *view_, query);
        if (page.has_error()) return page.error();
        admitted = true;
        for (const index::Match& match : page->matches) {
          MEDARC_ASSIGN(const InstanceRow row, index::decode_instance(match.row.value));
          wanted_.emplace(row.sop_class.value, row.transfer_syntax.value);
          items_.push_back({row.study, row.series, row.uid});
        }
        query.after = std::move(page->next);
      } while (!query.after.empty() && items_.size() <= context_.suboperations_max);
    }
    return {};
  }

  Result<std::unique_ptr<ul::Association>> open(const Destination& to) {
    return call(to, context_.aet, contexts_for(wanted_, context_.lossy_allowed), context_.limits,
                context_.signals);
  }

  Result<uint16_t> send_one(StoreScu& sender, const Item& item,
                            const std::optional<Originator>& originator) {
    auto row = view_->instance(item.study, item.series, item.instance);
    if (row.has_error() || !*row) return kProcessingFailure;
    return sender.send(**row, originator);
  }

  // An error ends the requestor's association; a destination that breaks ends only the operation.
  Status send_all(StoreScu& sender, const std::optional<Originator>& originator) {
    const uint16_t own_id = request_.command.message_id.value_or(0);
    for (size_t i = 0; i < items_.size(); ++i) {
      auto status = send_one(sender, items_[i], originator);
      if (status.has_error()) {
        if (!originator) return status.error();
        for (; i < items_.size(); ++i) count(items_[i], kProcessingFailure);
        return finish(kCannotPerformSuboperations, "the destination ended the association");
      }
      count(items_[i], *status);
      bool cancelled = sender.cancelled(own_id);
      if (!cancelled && originator) {
        MEDARC_ASSIGN(cancelled, cancel_came(context_.association, request_, next_));
      }
      if (cancelled) return finish(kCancelled);
      if (i + 1 < items_.size()) MEDARC_TRY(pending());
    }
    const bool all_failed = counts_.completed + counts_.warning == 0 && counts_.failed > 0;
    if (all_failed) return finish(kCannotPerformSuboperations);
    return finish(counts_.failed + counts_.warning > 0 ? kSomeFailed : kSuccess);
  }

  void count(const Item& item, uint16_t status) {
    --counts_.remaining;
    if (status == kSuccess) {
      ++counts_.completed;
    } else if (is_warning(status)) {
      ++counts_.warning;
    } else {
      ++counts_.failed;
      failed_.push_back(item.instance.value);
    }
  }

  Status pending() {
    Command response = response_to(request_.command, kPending);
    response.suboperations = counts_;
    return send(response, {});
  }

  Status send(const Command& response, ByteView dataset) {
    const uint32_t bytes_max = context_.association.agreement().peer_pdu_bytes_max;
    Bytes pdus;
    ul::append_p_data(pdus, request_.context_id, true, encode(response), bytes_max);
    if (response.has_dataset()) {
      ul::append_p_data(pdus, request_.context_id, false, dataset, bytes_max);
    }
    return context_.association.send(pdus);
  }

  const RetrieveContext& context_;
  const Request& request_;
  std::optional<Request>& next_;
  std::unique_ptr<index::View> view_;
  std::vector<Item> items_;
  StoredForms wanted_;
  std::vector<std::string> failed_;
  Suboperations counts_;
};

}  // namespace

Status serve_retrieve(const RetrieveContext& context, const Request& request,
                      std::optional<Request>& next) {
  static Counter& retrievals =
      counter("medarc_dimse_retrievals_total", "C-GET and C-MOVE requests answered.");
  retrievals.add();
  MEDARC_ASSIGN(const auto dataset,
                read_identifier_bytes(context.association, request, context.limits));
  Retrieving retrieving(context, request, next);
  if (!dataset) return retrieving.finish(kOutOfResources, "the identifier is over its limit");
  const auto model = query_model_of(request.context.abstract_syntax);
  const Retrieval wanted = request.command.field == kMoveRq ? Retrieval::move : Retrieval::get;
  if (!model || model->service != wanted) {
    return retrieving.finish(kSopClassUnsupported,
                             "not this operation on this presentation context");
  }
  return retrieving.run(*dataset);
}

}  // namespace medarc::dicom::dimse
