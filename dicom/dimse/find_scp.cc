#include "dicom/dimse/find_scp.h"

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/dimse/cancel.h"
#include "dicom/dimse/query.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint32_t kPageRows = 200;
constexpr size_t kSendBytes = 64u << 10;  // answers gathered before they are sent

class Finding {
 public:
  Finding(ul::Association& association, Imaging& imaging, const Principal& principal,
          const std::string& aet, const FiledUid& filed, const Request& request,
          std::optional<Request>& next)
      : association_(association),
        imaging_(imaging),
        principal_(principal),
        answerer_{aet, &imaging.extras(),
                  ul::agreed(association.agreement(), request.context.abstract_syntax, 3)},
        filed_(filed),
        request_(request),
        next_(next) {}

  Status run(ByteView dataset, const Limits& limits) {
    auto identifier = read_identifier(dataset, request_.context.transfer_syntax, limits);
    if (identifier.has_error()) return finish(identifier.error());
    const std::string& model = request_.context.abstract_syntax;
    const auto& agreement = association_.agreement();
    Matching how;
    how.extras = &imaging_.extras();
    how.date_times = ul::agreed(agreement, model, 1);
    how.zones = answerer_.zones;
    how.fuzzy_names = ul::agreed(agreement, model, 2);
    how.empty_values = ul::agreed(agreement, model, 5);
    how.all_values = ul::agreed(agreement, model, 6);
    auto find = read_find(*identifier, query_model_of(model)->root, ul::agreed(agreement, model, 0),
                          how, filed_);
    if (find.has_error()) return finish(find.error());
    index::Query& query = find->question.query;
    query.limit = kPageRows;
    const std::unique_ptr<index::View> view = imaging_.index().view();
    auto page = imaging_.find(principal_, *view, find->question);
    const uint16_t pending = find->keys_unsupported ? kPendingUnsupportedKeys : kPending;
    for (;;) {
      if (page.has_error()) return finish(page.error());
      for (const index::Match& match : page->matches) {
        auto attributes = answerer_.attributes(*identifier, *view, match);
        if (attributes.has_error()) return finish(attributes.error());
        add(pending, write_identifier(std::move(*attributes), identifier->charset,
                                      request_.context.transfer_syntax));
        if (pdus_.size() < kSendBytes) continue;
        MEDARC_TRY(send());
        MEDARC_ASSIGN(const bool cancelled, cancel_came(association_, request_, next_));
        if (cancelled) return finish(kCancelled);
      }
      if (page->next.empty()) return finish(kSuccess);
      query.after = std::move(page->next);
      page = view->query(query);
    }
  }

  // The final response.
  Status finish(uint16_t status, std::string comment = {}) {
    ul::append_p_data(pdus_, request_.context_id, true,
                      encode(response_to(request_.command, status, std::move(comment))),
                      association_.agreement().peer_pdu_bytes_max);
    return send();
  }
  Status finish(const Error& error) {
    log(medarc::Level::warn, "dimse.find_refused",
        {{"peer", association_.peer()}, {"error", error.text}});
    return finish(query_status(error.code), error.text);
  }

 private:
  void add(uint16_t status, ByteView dataset) {
    Command response = response_to(request_.command, status);
    response.dataset_type = kDataset;
    const uint32_t bytes_max = association_.agreement().peer_pdu_bytes_max;
    ul::append_p_data(pdus_, request_.context_id, true, encode(response), bytes_max);
    ul::append_p_data(pdus_, request_.context_id, false, dataset, bytes_max);
  }
  Status send() {
    Status sent = association_.send(pdus_);
    pdus_.clear();
    return sent;
  }

  ul::Association& association_;
  Imaging& imaging_;
  const Principal& principal_;
  const Answerer answerer_;
  const FiledUid& filed_;
  const Request& request_;
  std::optional<Request>& next_;
  Bytes pdus_;
};

}  // namespace

Status serve_find(ul::Association& association, Imaging& imaging, const Principal& principal,
                  const Limits& limits, const std::string& aet, const FiledUid& filed,
                  const Request& request, std::optional<Request>& next) {
  static Counter& finds = counter("medarc_dimse_finds_total", "C-FIND requests answered.");
  finds.add();
  MEDARC_ASSIGN(const auto dataset, read_identifier_bytes(association, request, limits));
  Finding finding(association, imaging, principal, aet, filed, request, next);
  if (!dataset) return finding.finish(kOutOfResources, "the identifier is over its limit");
  const auto model = query_model_of(request.context.abstract_syntax);
  if (!model || model->service != Retrieval::find) {
    return finding.finish(kSopClassUnsupported, "no C-FIND on this presentation context");
  }
  return finding.run(*dataset, limits);
}

}  // namespace medarc::dicom::dimse
